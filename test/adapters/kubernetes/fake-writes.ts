import { asList, asObject, at, type JsonObject, jsonEquals } from '../../../src/api/json.ts';
import type { PatchOperation } from '../../../src/rules/json-patch.ts';
import { applyPatch } from '../../support/apply-patch.ts';
import type { ApiRequest } from './api-request.ts';
import { eventProblem } from './event-validation.ts';
import type { FakeObjects } from './fake-objects.ts';
import { applyFields, mergePatch, updateFields } from './managed-fields.ts';

export interface Answer {
  readonly code: number;
  readonly body: JsonObject;
}

/** What a fake API server does about requests that change something. */
export class FakeWrites {
  /** Those that did change something, oldest first, e.g. `apply services demo/thumbnails`. */
  readonly done: string[] = [];
  readonly #objects: FakeObjects;

  constructor(objects: FakeObjects) {
    this.#objects = objects;
  }

  answer(request: ApiRequest): Answer {
    const { plural, namespace = '', name = '' } = request;
    const live = this.#objects.get(plural, `${namespace}/${name}`);
    switch (request.verb) {
      case 'create':
        return live === undefined
          ? this.#store(request, undefined, this.#updated(request, undefined, objectOf(request)))
          : refusal(409, 'AlreadyExists', `${plural} "${name}" already exists`);
      case 'apply':
        return this.#apply(request, live);
      case 'delete':
      case 'evict':
        return this.#delete(request, live);
      case 'update':
      case 'patch':
        return live === undefined ? notFound(request) : this.#change(request, live);
      default:
        return refusal(405, 'MethodNotAllowed', 'the fake does not know how');
    }
  }

  #apply(request: ApiRequest, live: JsonObject | undefined): Answer {
    const { query } = request;
    const manager = query.get('fieldManager') ?? '';
    if (manager === '') return refusal(400, 'BadRequest', 'fieldManager is required');
    const result = applyFields(live, objectOf(request), manager, query.get('force') === 'true');
    if ('object' in result) return this.#store(request, live, result.object);
    const [first] = result.conflicts;
    return refusal(
      409,
      'Conflict',
      `Apply failed with ${result.conflicts.length} conflict: conflict with "${first?.manager}": ${first?.field}`,
    );
  }

  /** PUT, merge patches and JSON patches. */
  #change(request: ApiRequest, live: JsonObject): Answer {
    let next: JsonObject;
    try {
      next = changed(request, live);
    } catch (error) {
      return refusal(422, 'Invalid', (error as Error).message);
    }
    const version = at(next, 'metadata', 'resourceVersion');
    if (version !== undefined && version !== at(live, 'metadata', 'resourceVersion')) {
      return refusal(409, 'Conflict', 'the object has been modified');
    }
    return this.#store(request, live, this.#updated(request, live, next));
  }

  #updated({ query }: ApiRequest, live: JsonObject | undefined, next: JsonObject): JsonObject {
    return updateFields(live, next, query.get('fieldManager') ?? 'unknown');
  }

  #store(request: ApiRequest, live: JsonObject | undefined, object: JsonObject): Answer {
    const { plural, namespace = '', name = '' } = request;
    const problem = plural === 'events' ? eventProblem(object, live) : undefined;
    if (problem !== undefined)
      return refusal(422, 'Invalid', `Event "${name}" is invalid: ${problem}`);
    const code = live === undefined ? 201 : 200;
    // What changes nothing makes no new version, and no watch tells of it.
    if (live !== undefined && jsonEquals(live, object)) return { code, body: live };
    this.#note(request);
    return { code, body: this.#objects.put(plural, namespace, name, object) };
  }

  #delete(request: ApiRequest, live: JsonObject | undefined): Answer {
    const { verb, plural, namespace = '', name = '', body } = request;
    if (live === undefined) return notFound(request);
    const options = verb === 'evict' ? at(body, 'deleteOptions') : body;
    const uid = at(options, 'preconditions', 'uid');
    if (uid !== undefined && uid !== at(live, 'metadata', 'uid')) {
      return refusal(409, 'Conflict', 'the UID in the precondition does not match');
    }
    this.#note(request);
    this.#objects.remove(plural, namespace, name);
    return { code: verb === 'evict' ? 201 : 200, body: { kind: 'Status', status: 'Success' } };
  }

  #note({ verb, plural, namespace, name }: ApiRequest): void {
    this.done.push(`${verb} ${plural} ${namespace}/${name}`);
  }
}

function changed(request: ApiRequest, live: JsonObject): JsonObject {
  if (request.verb === 'update') return objectOf(request);
  const operations = asList(request.body);
  return operations === undefined
    ? mergePatch(live, objectOf(request))
    : applyPatch(live, operations as unknown as PatchOperation[]);
}

function objectOf({ body }: ApiRequest): JsonObject {
  return asObject(body) ?? {};
}

function notFound({ plural, name }: ApiRequest): Answer {
  return refusal(404, 'NotFound', `${plural} "${name}" not found`);
}

function refusal(code: number, reason: string, message: string): Answer {
  return { code, body: { kind: 'Status', status: 'Failure', code, reason, message } };
}

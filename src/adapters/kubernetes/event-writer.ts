import { createHash } from 'node:crypto';
import type { JsonObject } from '../../api/json.ts';
import { functionGroup, projectName } from '../../api/keys.ts';
import type { EventRetry, EventWriter, FunctionEvent } from '../../controller/function-event.ts';
import { ApiError, type ApiErrorKind, asApiError, isOfLeavingNamespace } from './api-error.ts';
import { type ApiResource, collectionPath, objectPath } from './api-resource.ts';
import { Deadline } from './deadline.ts';
import { describeFailure } from './describe-failure.ts';
import type { KubernetesConnection } from './kubernetes-connection.ts';
import { requestedPauseMs } from './requested-pause.ts';

const events: ApiResource = {
  group: 'events.k8s.io',
  version: 'v1',
  plural: 'events',
  kind: 'Event',
};

const answerTimeoutMs = 10_000;

const passingKinds: ReadonlySet<ApiErrorKind> = new Set([
  'timeout',
  'throttled',
  'unauthorized',
  'malformed',
]);

/** The limits of `events.k8s.io/v1`; it says characters, and counts bytes. */
const noteMaxBytes = 1024;
const nameMaxLength = 253;

export interface EventWriterOptions {
  readonly connection: Pick<KubernetesConnection, 'changeJson'>;
  /** Which process says it. */
  readonly instance: string;
  readonly onError: (error: ApiError) => void;
  /** Told of each request that changed something. */
  readonly onRequest: (verb: string) => void;
  readonly date?: () => Date;
}

/**
 * Writes Events on Functions. The name of an Event follows from what it says, so
 * that a process which takes over finds what was said already and keeps quiet;
 * what is so again counts up a series instead.
 */
export function eventWriter(options: EventWriterOptions): EventWriter {
  const { connection, onError, onRequest } = options;
  return async (event, signal) => {
    const { namespace } = event.fn;
    const deadline = new Deadline(signal, answerTimeoutMs);
    let verb: 'create' | 'patch' = 'create';
    try {
      const body = eventObject(event, options.instance, options.date?.() ?? new Date());
      try {
        const path = collectionPath(events, namespace);
        await connection.changeJson(path, { method: 'POST', body, signal: deadline.signal });
        onRequest('create');
        return undefined;
      } catch (error) {
        const wasSaid = error instanceof ApiError && error.status === 409;
        if (!wasSaid) throw error;
      }
      if (event.times === 1) return undefined;
      verb = 'patch';
      const path = objectPath(events, namespace, eventName(event));
      await connection.changeJson(path, {
        method: 'PATCH',
        contentType: 'application/merge-patch+json',
        // Nothing else of an Event may ever change: not its note either, whatever it lists by now.
        body: { series: { count: event.times, lastObservedTime: body['eventTime'] } },
        signal: deadline.signal,
      });
      onRequest('patch');
      return undefined;
    } catch (thrown) {
      if (signal.aborted) return undefined;
      const error = asApiError(thrown);
      // A namespace that is going away takes no new objects, and its Functions go with it.
      if (isOfLeavingNamespace(error)) return undefined;
      onError(describeFailure(verb, events, namespace, error));
      return retryOf(error);
    } finally {
      deadline.end();
    }
  };
}

/**
 * Trying again helps where the API server did not answer, or had no time or no
 * credentials to look at the Event; what it looked at and refused stays refused.
 */
function retryOf(error: ApiError): EventRetry | undefined {
  const { kind, status = 0 } = error;
  const isOutage = kind === 'unreachable';
  const isPassing = isOutage || passingKinds.has(kind) || status >= 500;
  return isPassing ? { leastPauseMs: requestedPauseMs([error]), isOutage } : undefined;
}

function eventObject(event: FunctionEvent, instance: string, date: Date): JsonObject {
  const { fn, notice } = event;
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: eventName(event), namespace: fn.namespace },
    eventTime: microTime(date),
    reportingController: projectName,
    reportingInstance: instance.slice(0, 128),
    action: 'Reconcile',
    reason: notice.reason,
    type: notice.type,
    note: cut(notice.note),
    regarding: {
      apiVersion: `${functionGroup}/${fn.version}`,
      kind: 'Function',
      name: fn.name,
      namespace: fn.namespace,
      ...(fn.uid === undefined ? {} : { uid: fn.uid }),
    },
  };
}

function eventName({ fn, identity }: FunctionEvent): string {
  const hash = createHash('sha256').update(identity).digest('hex').slice(0, 16);
  return `${fn.name.slice(0, nameMaxLength - hash.length - 1)}.${hash}`;
}

/** MicroTime, as Kubernetes writes it. */
function microTime(date: Date): string {
  return date.toISOString().replace('Z', '000Z');
}

function cut(note: string): string {
  const bytes = Buffer.from(note);
  if (bytes.length <= noteMaxBytes) return note;
  const ellipsis = '…';
  const kept = bytes.subarray(0, noteMaxBytes - Buffer.byteLength(ellipsis));
  // Of a character that was cut in two nothing is left.
  return `${new TextDecoder().decode(kept, { stream: true })}${ellipsis}`;
}

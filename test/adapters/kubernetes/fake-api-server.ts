import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { json } from 'node:stream/consumers';
import { KubeConfig } from '@kubernetes/client-node';
import type { Json, JsonObject } from '../../../src/api/json.ts';
import { type ApiRequest, readApiRequest } from './api-request.ts';
import { type Change, FakeObjects, namespaceOf } from './fake-objects.ts';
import { FakeWrites } from './fake-writes.ts';
import { mergePatch, updateFields } from './managed-fields.ts';
import { type Mishap, sendJson, startStream, status, suffer } from './mishap.ts';
import { isSelected } from './selection.ts';

interface OpenWatch {
  readonly request: ApiRequest;
  readonly response: ServerResponse;
}

/** As much of an API server as listing, watching and writing the project's resources takes. */
export class FakeApiServer {
  readonly requests: ApiRequest[] = [];
  /** Decides over a request before it is answered. */
  intercept: (request: ApiRequest) => Mishap | undefined = () => undefined;
  readonly #server: Server;
  readonly #isPlain: boolean;
  readonly #sockets = new Set<Socket>();
  readonly #objects = new FakeObjects();
  readonly #writes = new FakeWrites(this.#objects);
  /** Kinds by group, version and plural. */
  readonly #kinds = new Map<string, string>();
  readonly #watches = new Set<OpenWatch>();
  #port = 0;
  #connections = 0;

  constructor(tls?: { readonly cert: string; readonly key: string }) {
    const answer = (incoming: IncomingMessage, response: ServerResponse): void =>
      this.#receive(incoming, response);
    this.#isPlain = tls === undefined;
    this.#server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer);
    this.#server.on(this.#isPlain ? 'connection' : 'secureConnection', (socket: Socket) => {
      this.#connections += 1;
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#objects.onChange = (change) => {
      for (const watch of this.#watches) this.#tell(watch, change);
    };
  }

  /** What clients changed, oldest first, e.g. `apply services demo/thumbnails`. */
  get writes(): readonly string[] {
    return this.#writes.done;
  }

  get url(): string {
    return `${this.#isPlain ? 'http' : 'https'}://127.0.0.1:${this.#port}`;
  }

  /** Connections that are open now. */
  get openConnections(): number {
    return this.#sockets.size;
  }

  /** Connections that were ever made. */
  get connections(): number {
    return this.#connections;
  }

  kubeConfig(): KubeConfig {
    const config = new KubeConfig();
    config.loadFromClusterAndUser(
      { name: 'fake', server: this.url, skipTLSVerify: true },
      { name: 'tester', token: 'secret' },
    );
    return config;
  }

  /** Listens; the second time on the port of the first. */
  async start(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.resetConnections();
    await closed;
  }

  /** @param version with its group, e.g. `dapr.io/v1alpha1` */
  install(version: string, plural: string, kind: string): void {
    this.#kinds.set(`${version}/${plural}`, kind);
  }

  uninstall(version: string, plural: string): void {
    this.#kinds.delete(`${version}/${plural}`);
  }

  put(plural: string, namespace: string, name: string, content: JsonObject = {}): void {
    this.#objects.put(plural, namespace, name, content);
  }

  remove(plural: string, namespace: string, name: string): void {
    this.#objects.remove(plural, namespace, name);
  }

  get(plural: string, namespace: string, name: string): JsonObject | undefined {
    return this.#objects.get(plural, `${namespace}/${name}`);
  }

  /** Names of the objects of a resource, with their namespaces. */
  names(plural: string): string[] {
    return this.#objects
      .list(plural, undefined)
      .map(({ metadata }) => metadata as JsonObject)
      .map(({ namespace, name }) => `${namespace}/${name}`)
      .sort();
  }

  /** Somebody else changes an object that is there: what the patch changes is theirs now. */
  edit(
    plural: string,
    namespace: string,
    name: string,
    patch: JsonObject,
    manager = 'kubectl',
  ): void {
    const live = this.#objects.get(plural, `${namespace}/${name}`);
    if (live === undefined) throw new Error(`there is no ${plural} ${namespace}/${name}`);
    this.put(plural, namespace, name, updateFields(live, mergePatch(live, patch), manager));
  }

  /** From now on, watches that begin before the present state are refused. */
  expireHistory(): void {
    this.#objects.expireHistory();
  }

  /** Tells watches of a resource how far things are, after something happened elsewhere. */
  bookmark(plural: string): string {
    const metadata = { resourceVersion: String(this.#objects.advance()) };
    this.writeToWatches(plural, `${JSON.stringify({ type: 'BOOKMARK', object: { metadata } })}\n`);
    return metadata.resourceVersion;
  }

  writeToWatches(plural: string, text: string): void {
    for (const { response } of this.#watchesOf(plural)) response.write(text);
  }

  /** Ends watches the way API servers do when their time is up. */
  endWatches(plural: string): void {
    for (const { response } of this.#watchesOf(plural)) response.end();
  }

  resetConnections(): void {
    for (const socket of this.#sockets) {
      // Only a plain TCP socket can be reset.
      if (this.#isPlain) socket.resetAndDestroy();
      else socket.destroy();
    }
  }

  /** Requests of a verb for a resource, oldest first. */
  seen(verb: ApiRequest['verb'], plural: string): ApiRequest[] {
    return this.requests.filter((request) => request.verb === verb && request.plural === plural);
  }

  /** How many watches of a resource are open now. */
  openWatches(plural: string): number {
    return this.#watchesOf(plural).length;
  }

  #watchesOf(plural: string): OpenWatch[] {
    return [...this.#watches].filter(({ request }) => request.plural === plural);
  }

  #receive(incoming: IncomingMessage, response: ServerResponse): void {
    if (incoming.method === 'GET') this.#answer(readApiRequest(incoming), response);
    else {
      json(incoming).then(
        (body) => this.#answer(readApiRequest(incoming, body as Json), response),
        // The client gave up, or sent no JSON: either way it gets no answer.
        () => response.destroy(),
      );
    }
  }

  #answer(request: ApiRequest, response: ServerResponse): void {
    this.requests.push(request);
    const { verb, version, plural } = request;
    const mishap = this.intercept(request);
    if (mishap !== undefined) suffer(mishap, response);
    else if (verb === 'discover') this.#discover(version, response);
    else if (!this.#kinds.has(`${version}/${plural}`)) suffer(unknownPath, response);
    else if (verb === 'watch') this.#watch(request, response);
    else if (verb === 'list') this.#list(request, response);
    else if (verb === 'get') this.#get(request, response);
    else this.#write(request, response);
  }

  #discover(version: string, response: ServerResponse): void {
    const resources = [...this.#kinds]
      .filter(([key]) => key.startsWith(`${version}/`))
      .map(([key, kind]) => ({ name: key.slice(version.length + 1), kind }));
    if (resources.length === 0) suffer(unknownPath, response);
    else sendJson(response, 200, { kind: 'APIResourceList', groupVersion: version, resources });
  }

  #get(request: ApiRequest, response: ServerResponse): void {
    const { plural, namespace = '', name } = request;
    const object = this.#objects.get(plural, `${namespace}/${name}`);
    if (object === undefined) suffer(status(404, 'NotFound', 'not found'), response);
    else sendJson(response, 200, this.#shape(object, request));
  }

  #write(request: ApiRequest, response: ServerResponse): void {
    const { code, body } = this.#writes.answer(request);
    sendJson(response, code, body['kind'] === 'Status' ? body : this.#shape(body, request));
  }

  #list(request: ApiRequest, response: ServerResponse): void {
    const all = this.#objects
      .list(request.plural, request.namespace)
      .filter((object) => isSelected(request.query, object));
    const offset = Number(request.query.get('continue') ?? 0);
    const end = offset + Number(request.query.get('limit') ?? all.length);
    sendJson(response, 200, {
      kind: 'List',
      metadata: {
        resourceVersion: String(this.#objects.version),
        ...(end < all.length ? { continue: String(end) } : {}),
      },
      items: writeItems(
        all.slice(offset, end).map((object) => this.#shape(object, request)),
        request,
      ),
    });
  }

  #watch(request: ApiRequest, response: ServerResponse): void {
    startStream(response);
    const changes = this.#objects.since(Number(request.query.get('resourceVersion')));
    if (changes === undefined) {
      const object = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' };
      response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`);
      return;
    }
    const watch = { request, response };
    this.#watches.add(watch);
    response.on('close', () => this.#watches.delete(watch));
    for (const change of changes) this.#tell(watch, change);
  }

  #tell({ request, response }: OpenWatch, change: Change): void {
    const { plural, namespace } = request;
    if (change.plural !== plural) return;
    if (namespace !== undefined && namespaceOf(change.object) !== namespace) return;
    const type = toldAs(change, request.query);
    if (type === undefined) return;
    const object = this.#shape(change.object, request);
    response.write(`${JSON.stringify({ type, object })}\n`);
  }

  /** An object as it was asked for: in a version, whole or its metadata alone. */
  #shape(object: JsonObject, { version, plural, accept }: ApiRequest): JsonObject {
    if (!accept.includes('as=PartialObjectMetadata')) {
      return { ...object, apiVersion: version, kind: this.#kinds.get(`${version}/${plural}`) };
    }
    const { metadata } = object;
    return { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata };
  }
}

/** To a watch with a selector, an object that begins to match is new, and one that ceases to is gone. */
function toldAs(
  { type, object, before }: Change,
  query: URLSearchParams,
): Change['type'] | undefined {
  const wasThere = before !== undefined && isSelected(query, before);
  const isThere = type !== 'DELETED' && isSelected(query, object);
  if (isThere) return wasThere ? 'MODIFIED' : 'ADDED';
  return wasThere ? 'DELETED' : undefined;
}

const unknownPath: Mishap = { status: 404, body: '404 page not found' };

/** Seen on real API servers: an empty metadata list has no list in it. */
function writeItems(items: JsonObject[], { accept }: ApiRequest): JsonObject[] | null {
  return items.length === 0 && accept.includes('as=PartialObjectMetadataList') ? null : items;
}

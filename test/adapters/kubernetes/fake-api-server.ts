import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import type { JsonObject } from '../../../src/api/json.ts';
import { type ApiRequest, readApiRequest } from './api-request.ts';
import { type Change, FakeObjects, namespaceOf } from './fake-objects.ts';
import { type Mishap, sendJson, startStream, status, suffer } from './mishap.ts';

interface OpenWatch {
  readonly request: ApiRequest;
  readonly response: ServerResponse;
}

/** As much of an API server as listing and watching custom resources takes. */
export class FakeApiServer {
  readonly requests: ApiRequest[] = [];
  /** Decides over a request before it is answered. */
  intercept: (request: ApiRequest) => Mishap | undefined = () => undefined;
  readonly #server: Server;
  readonly #isPlain: boolean;
  readonly #sockets = new Set<Socket>();
  readonly #objects = new FakeObjects();
  /** Kinds by group, version and plural. */
  readonly #kinds = new Map<string, string>();
  readonly #watches = new Set<OpenWatch>();
  #port = 0;
  #connections = 0;

  constructor(tls?: { readonly cert: string; readonly key: string }) {
    const answer = (incoming: IncomingMessage, response: ServerResponse): void =>
      this.#answer(readApiRequest(incoming), response);
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

  #answer(request: ApiRequest, response: ServerResponse): void {
    this.requests.push(request);
    const { verb, version, plural } = request;
    const mishap = this.intercept(request);
    if (mishap !== undefined) suffer(mishap, response);
    else if (verb === 'discover') this.#discover(version, response);
    else if (!this.#kinds.has(`${version}/${plural}`)) suffer(unknownPath, response);
    else if (verb === 'watch') this.#watch(request, response);
    else if (verb === 'list') this.#list(request, response);
    else this.#get(request, response);
  }

  #discover(version: string, response: ServerResponse): void {
    const resources = [...this.#kinds]
      .filter(([key]) => key.startsWith(`${version}/`))
      .map(([key, kind]) => ({ name: key.slice(version.length + 1), kind }));
    if (resources.length === 0) suffer(unknownPath, response);
    else sendJson(response, 200, { kind: 'APIResourceList', groupVersion: version, resources });
  }

  #get(request: ApiRequest, response: ServerResponse): void {
    const object = this.#objects.get(request.plural, `${request.namespace}/${request.name}`);
    if (object === undefined) suffer(status(404, 'NotFound', 'not found'), response);
    else sendJson(response, 200, this.#shape(object, request));
  }

  #list(request: ApiRequest, response: ServerResponse): void {
    const all = this.#objects.list(request.plural, request.namespace);
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
    const object = this.#shape(change.object, request);
    response.write(`${JSON.stringify({ type: change.type, object })}\n`);
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

const unknownPath: Mishap = { status: 404, body: '404 page not found' };

/** Seen on real API servers: an empty metadata list has no list in it. */
function writeItems(items: JsonObject[], { accept }: ApiRequest): JsonObject[] | null {
  return items.length === 0 && accept.includes('as=PartialObjectMetadataList') ? null : items;
}

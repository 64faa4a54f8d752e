import type { IncomingMessage } from 'node:http';
import { asText, at, type Json } from '../../../src/api/json.ts';

/** A request as the tests look at it. */
export interface ApiRequest {
  readonly verb:
    | 'discover'
    | 'list'
    | 'watch'
    | 'get'
    | 'create'
    | 'update'
    | 'apply'
    | 'patch'
    | 'delete'
    | 'evict'
    | 'other';
  readonly path: string;
  readonly query: URLSearchParams;
  /** Group and version, e.g. `dapr.io/v1alpha1`; `v1` for the core group. */
  readonly version: string;
  readonly plural: string;
  readonly namespace: string | undefined;
  /** Of a request to create, the one in its body. */
  readonly name: string | undefined;
  readonly accept: string;
  readonly authorization: string;
  readonly body: Json | undefined;
}

const pathPattern =
  /^\/(?:api\/(v1)|apis\/([^/]+\/[^/]+))(?:\/namespaces\/([^/]+))?(?:\/([^/]+))?(?:\/([^/]+))?(?:\/([^/]+))?$/;

/** @param body of the request, when it has one */
export function readApiRequest(incoming: IncomingMessage, body?: Json): ApiRequest {
  const url = new URL(incoming.url ?? '/', 'http://fake');
  const match = pathPattern.exec(url.pathname);
  const [, core, other, namespace, plural = '', name, subresource] = match ?? [];
  return {
    verb: match === null ? 'other' : verbOf(incoming, plural, name, subresource, url.searchParams),
    path: url.pathname,
    query: url.searchParams,
    version: core ?? other ?? '',
    plural,
    namespace,
    name: name ?? asText(at(body, 'metadata', 'name')),
    accept: incoming.headers.accept ?? '',
    authorization: incoming.headers.authorization ?? '',
    body,
  };
}

function verbOf(
  { method, headers }: IncomingMessage,
  plural: string,
  name: string | undefined,
  subresource: string | undefined,
  query: URLSearchParams,
): ApiRequest['verb'] {
  if (plural === '') return 'discover';
  if (subresource !== undefined) {
    return method === 'POST' && subresource === 'eviction' ? 'evict' : 'other';
  }
  if (method === 'POST') return 'create';
  if (method === 'PUT') return 'update';
  if (method === 'DELETE') return 'delete';
  if (method === 'PATCH') {
    return headers['content-type'] === 'application/apply-patch+yaml' ? 'apply' : 'patch';
  }
  if (name !== undefined) return 'get';
  return query.get('watch') === 'true' ? 'watch' : 'list';
}

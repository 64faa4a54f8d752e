import type { IncomingMessage } from 'node:http';

/** A request as the tests look at it. */
export interface ApiRequest {
  readonly verb: 'discover' | 'list' | 'watch' | 'get' | 'other';
  readonly path: string;
  readonly query: URLSearchParams;
  /** Group and version, e.g. `dapr.io/v1alpha1`. */
  readonly version: string;
  readonly plural: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly accept: string;
  readonly authorization: string;
}

const pathPattern =
  /^\/apis\/([^/]+\/[^/]+)(?:\/namespaces\/([^/]+))?(?:\/([^/]+))?(?:\/([^/]+))?$/;

export function readApiRequest(incoming: IncomingMessage): ApiRequest {
  const url = new URL(incoming.url ?? '/', 'http://fake');
  const match = pathPattern.exec(url.pathname);
  const [, version = '', namespace, plural = '', name] = match ?? [];
  return {
    verb: match === null ? 'other' : verbOf(plural, name, url.searchParams),
    path: url.pathname,
    query: url.searchParams,
    version,
    plural,
    namespace,
    name,
    accept: incoming.headers.accept ?? '',
    authorization: incoming.headers.authorization ?? '',
  };
}

function verbOf(
  plural: string,
  name: string | undefined,
  query: URLSearchParams,
): ApiRequest['verb'] {
  if (plural === '') return 'discover';
  if (name !== undefined) return 'get';
  return query.get('watch') === 'true' ? 'watch' : 'list';
}

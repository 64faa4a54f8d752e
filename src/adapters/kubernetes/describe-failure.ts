import { ApiError, type ApiErrorKind } from './api-error.ts';
import { type ApiResource, resourceName } from './api-resource.ts';

/** What was asked of the API server, in the words of RBAC; `discover` needs no right. */
export type RequestVerb =
  | 'get'
  | 'list'
  | 'watch'
  | 'create'
  | 'patch'
  | 'update'
  | 'delete'
  | 'discover';

/** How API servers word it that somebody lacks a right: `User "x" cannot patch resource "y" in API group ...`. */
const lackOfRight = /\bcannot \S+ (resource|path)\b/;

/** Whatever refuses these with 403 did not look at the content of an object. */
const readingVerbs: ReadonlySet<RequestVerb> = new Set(['get', 'list', 'watch', 'discover']);

/** The error with what was being done, in one line that an operator can act on. */
export function describeFailure(
  verb: RequestVerb,
  resource: Pick<ApiResource, 'group' | 'plural'>,
  namespace: string | undefined,
  error: ApiError,
  name?: string,
): ApiError {
  const object = name === undefined ? '' : ` "${name}"`;
  const scope = namespace === undefined ? 'in all namespaces' : `in namespace "${namespace}"`;
  const role = namespace === undefined ? 'ClusterRole' : 'Role';
  const kind = kindOf(verb, error);
  const hint =
    kind === 'forbidden' && verb !== 'discover'
      ? `; a ${role} has to grant "${verb}" on "${resource.plural}" of API group "${resource.group}"`
      : '';
  return new ApiError(
    kind,
    `Cannot ${verb} ${resourceName(resource)}${object} ${scope}${hint}: ${error.message}`,
    {
      cause: error,
      status: error.status,
      retryAfterMs: error.retryAfterMs,
      request: `${verb} ${resourceName(resource)}`,
    },
  );
}

/**
 * A write may also be forbidden by a quota, by an admission plugin or because its
 * namespace is going away: no role helps against that, and it is not the same
 * trouble for every object.
 */
function kindOf(verb: RequestVerb, { kind, message }: ApiError): ApiErrorKind {
  if (kind !== 'forbidden' || readingVerbs.has(verb)) return kind;
  return lackOfRight.test(message) ? 'forbidden' : 'refused';
}

import { ApiError } from './api-error.ts';
import { type ApiResource, resourceName } from './api-resource.ts';

/** The error with what was being done, in one line that an operator can act on. */
export function describeFailure(
  verb: 'list' | 'watch' | 'discover',
  resource: Pick<ApiResource, 'group' | 'plural'>,
  namespace: string | undefined,
  error: ApiError,
): ApiError {
  const scope = namespace === undefined ? 'in all namespaces' : `in namespace "${namespace}"`;
  const role = namespace === undefined ? 'ClusterRole' : 'Role';
  const hint =
    error.kind === 'forbidden' && verb !== 'discover'
      ? `; a ${role} has to grant "${verb}" on "${resource.plural}" of API group "${resource.group}"`
      : '';
  return new ApiError(
    error.kind,
    `Cannot ${verb} ${resourceName(resource)} ${scope}${hint}: ${error.message}`,
    { cause: error, status: error.status, retryAfterMs: error.retryAfterMs },
  );
}

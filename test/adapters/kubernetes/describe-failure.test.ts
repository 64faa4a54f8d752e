import { describe, expect, test } from 'vitest';
import { ApiError } from '../../../src/adapters/kubernetes/api-error.ts';
import { describeFailure } from '../../../src/adapters/kubernetes/describe-failure.ts';

const services = { group: '', plural: 'services' };
const deployments = { group: 'apps', plural: 'deployments' };

function forbidden(message: string): ApiError {
  return new ApiError('forbidden', `403 ${message}`, { status: 403 });
}

describe('a failure', () => {
  test('says what was done, to what, where, and why it failed', () => {
    const cause = new ApiError('refused', '500 etcd is away', { status: 500, retryAfterMs: 1_000 });
    const error = describeFailure('patch', deployments, 'demo', cause, 'orders');
    expect(error).toMatchObject({
      message: 'Cannot patch deployments.apps "orders" in namespace "demo": 500 etcd is away',
      kind: 'refused',
      status: 500,
      retryAfterMs: 1_000,
      request: 'patch deployments.apps',
      cause,
    });
  });

  test('of a missing right names the role that helps, by its scope', () => {
    const error = forbidden('User "x" cannot watch resource "services" in API group ""');
    expect(describeFailure('watch', services, undefined, error).message).toContain(
      'in all namespaces; a ClusterRole has to grant "watch" on "services" of API group "": 403',
    );
    expect(describeFailure('watch', services, 'demo', error).message).toContain(
      'in namespace "demo"; a Role has to grant "watch"',
    );
  });

  test('of a read that is forbidden is a missing right, however an authorizer words it', () => {
    for (const verb of ['get', 'list', 'watch'] as const) {
      const error = describeFailure(verb, services, 'demo', forbidden('no'));
      expect(error.message).toContain(`a Role has to grant "${verb}"`);
      expect(error.kind).toBe('forbidden');
    }
  });

  test('of finding out what is served needs no role', () => {
    expect(describeFailure('discover', services, undefined, forbidden('no')).message).toBe(
      'Cannot discover services in all namespaces: 403 no',
    );
  });

  test.each([
    'services "orders" is forbidden: exceeded quota: small, requested: services=1, used: services=5',
    'services "orders" is forbidden: unable to create new content in namespace demo because it is being terminated',
    'admission webhook "policy.example.com" denied the request: no',
  ])('of a write asks for no role where none helps: %s', (message) => {
    for (const verb of ['create', 'patch', 'update', 'delete'] as const) {
      const error = describeFailure(verb, services, 'demo', forbidden(message), 'orders');
      expect(error.message).toBe(
        `Cannot ${verb} services "orders" in namespace "demo": 403 ${message}`,
      );
      // Not the same trouble for every object, as a missing right is.
      expect(error).toMatchObject({ kind: 'refused', status: 403 });
    }
  });
});

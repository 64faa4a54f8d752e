import { describe, expect, it } from 'vitest';
import type { FunctionModel } from '../../../src/api/function.ts';
import { proxyNetworkPolicy } from '../../../src/rules/proxy/proxy-network-policy.ts';
import { asyncServing, functionInMode } from '../../support/functions.ts';
import { listAt, objectAt, pick } from '../../support/json.ts';

/** Ports of the rules that let some callers in, and of those that let everybody in. */
function portsOf(fn: FunctionModel): { forSome: unknown[]; forAll: unknown[] } {
  const rules = listAt(proxyNetworkPolicy(fn), 'spec', 'ingress');
  const ports = (isForAll: boolean) =>
    rules
      .filter((rule) => (listAt(rule, 'from').length === 0) === isForAll)
      .flatMap((rule) => listAt(rule, 'ports').map(({ port }) => port));
  return { forSome: ports(false), forAll: ports(true) };
}

describe("the proxy's NetworkPolicy", () => {
  it("lets only the Function's pods to the Dapr API", () => {
    const fn = functionInMode('standalone', { serving: asyncServing('v1beta1') });
    const policy = proxyNetworkPolicy(fn);
    expect(pick(policy, 'spec', 'policyTypes')).toEqual(['Ingress']);
    expect(objectAt(policy, 'spec', 'podSelector', 'matchLabels')).toEqual({
      'baas.openfunction.io/proxy': 'orders',
    });
    const [first] = listAt(policy, 'spec', 'ingress');
    expect(listAt(first, 'from')).toEqual([
      { podSelector: { matchLabels: { 'openfunction.io/function': 'orders' } } },
    ]);
    expect(portsOf(fn).forSome).toEqual([3500, 50001]);
  });

  it('lets everybody to health and metrics', () => {
    const { forAll } = portsOf(functionInMode('standalone'));
    expect(forAll).toEqual(expect.arrayContaining([9440, 3501, 9090]));
  });

  it('never lets everybody to the Dapr API or to the port that takes events', () => {
    const fns = [
      functionInMode('standalone'),
      functionInMode('standalone', { spec: { port: 9000 } }),
      functionInMode('standalone', { annotations: { 'dapr.io/grpc-port': '50055' } }),
      functionInMode('standalone', { spec: { port: 9440 } }),
    ];
    for (const fn of fns) {
      const { forAll } = portsOf(fn);
      for (const port of [3500, 50001, 50055, fn.port]) expect(forAll).not.toContain(port);
    }
  });

  it('follows the ports that the user chose', () => {
    const annotations = { 'dapr.io/metrics-port': '9999', 'dapr.io/grpc-port': '50055' };
    const { forSome, forAll } = portsOf(functionInMode('standalone', { annotations }));
    expect(forSome).toEqual([3500, 50055]);
    expect(forAll).toContain(9999);
    expect(forAll).not.toContain(9090);
  });

  it('stays with its rules when a port of the user is none', () => {
    for (const port of ['', 'metrics', '0', '70000', '3500.5']) {
      const annotations = { 'dapr.io/metrics-port': port, 'dapr.io/grpc-port': port };
      const { forSome, forAll } = portsOf(functionInMode('standalone', { annotations }));
      expect(forSome).toEqual([3500, 50001]);
      expect(forAll).toContain(9090);
    }
  });
});

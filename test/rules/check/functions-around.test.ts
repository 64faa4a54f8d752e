import { describe, expect, test } from 'vitest';
import { readDeploymentState } from '../../../src/rules/check/deployment-state.ts';
import { functionPods } from '../../../src/rules/check/function-pods.ts';
import { functionProxies, type ProxyFacts } from '../../../src/rules/check/function-proxies.ts';
import { found, type LookedUp } from '../../../src/rules/check/looked-up.ts';
import { functionInMode } from '../../support/functions.ts';
import { observedPod } from '../../support/observed.ts';

const orders = functionInMode('standalone', { name: 'orders' });
const serving = { name: 'orders-serving', namespace: 'shop', function: 'orders' };
const forbidden: LookedUp<never> = {
  kind: 'forbidden',
  right: { verb: 'list', group: '', resource: 'pods', namespace: undefined },
};

describe('function pods', () => {
  const facts = { functions: found([orders]), servings: found([serving]) };

  test("are well when each was admitted, or goes, or is nobody's", () => {
    const pods = found([
      observedPod('admitted'),
      observedPod('going', { mode: undefined, isDeleting: true }),
      observedPod('of-nobody', { mode: undefined, claim: { kind: 'function', name: 'gone' } }),
      observedPod('of-no-serving', { mode: undefined, claim: { kind: 'serving', name: 'gone' } }),
      observedPod('elsewhere', { mode: undefined, namespace: 'other' }),
    ]);
    expect(functionPods({ ...facts, pods })).toMatchObject({ level: 'ok', message: '2 pods' });
  });

  test('are told when they were missed, also by their Serving', () => {
    const pods = found([
      observedPod('b', { mode: undefined, claim: { kind: 'serving', name: 'orders-serving' } }),
      observedPod('a', { mode: undefined }),
      observedPod('admitted'),
    ]);
    expect(functionPods({ ...facts, pods })).toMatchObject({
      level: 'warning',
      message: '2 were not of 3: shop/a, shop/b',
    });
  });

  test('are not judged where something of them cannot be seen', () => {
    expect(functionPods({ ...facts, pods: forbidden })).toMatchObject({ level: 'warning' });
    expect(functionPods({ ...facts, pods: found([]), servings: forbidden })).toMatchObject({
      level: 'warning',
    });
  });
});

describe('proxies', () => {
  const proxy = (name: string, availableReplicas: number, replicas = 1) =>
    readDeploymentState({
      metadata: { name, namespace: 'shop', labels: { 'baas.openfunction.io/proxy': 'orders' } },
      spec: { replicas },
      status: { availableReplicas },
    });
  const told = (facts: Partial<ProxyFacts>): string[] =>
    functionProxies({
      proxies: found([]),
      openFunctionProxies: found([]),
      functions: found([orders]),
      servings: found([serving]),
      ...facts,
    }).map(({ level, message }) => `${level}: ${message}`);

  test('are well when each Function in standalone mode has one that is ready', () => {
    expect(told({ proxies: found([proxy('orders-dapr-proxy', 1)]) })).toEqual([
      'ok: 1 Function',
      'ok: 1 proxy',
    ]);
  });

  test('are well when OpenFunction has made them', () => {
    const openFunctionProxies = found([
      { namespace: 'shop', name: 'x', serving: 'orders-serving' },
    ]);
    expect(told({ openFunctionProxies })[0]).toBe('ok: 1 Function');
  });

  test('are missed in standalone mode alone', () => {
    const functions = found([
      orders,
      functionInMode('sidecar', { name: 'a' }),
      functionInMode('disabled', { name: 'b' }),
      { ...functionInMode('standalone', { name: 'c' }), isDeleting: true },
    ]);
    expect(told({ functions })[0]).toBe('warning: 1 has none of 1: shop/orders');
  });

  test('are told when they lack pods, those without any as an error', () => {
    const proxies = found([
      proxy('b', 0),
      proxy('a', 1, 2),
      proxy('asleep', 0, 0),
      proxy('c', 3, 3),
    ]);
    expect(told({ proxies })[1]).toBe(
      'error: without any pod available: shop/b; with some pods available: shop/a',
    );
    expect(told({ proxies: found([proxy('a', 1, 2)]) })[1]).toBe(
      'warning: with some pods available: shop/a',
    );
  });

  test('are not judged where they cannot be seen', () => {
    expect(told({ proxies: forbidden })).toEqual(
      Array(2).fill(expect.stringMatching(/^warning: not/)),
    );
  });
});

import { describe, expect, it } from 'vitest';
import { readComponent } from '../../../src/api/component.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { daprComponents } from '../../../src/rules/proxy/dapr-components.ts';
import { functionInMode, versions } from '../../support/functions.ts';
import { pick } from '../../support/json.ts';
import { noFacts } from '../../support/pods.ts';

const kafka = {
  type: 'pubsub.kafka',
  version: 'v1',
  metadata: [{ name: 'brokers', value: 'kafka:9092' }],
  initTimeout: '5m',
};

function componentsOf(serving: JsonObject, version: 'v1beta1' | 'v1beta2' = 'v1beta1') {
  return daprComponents(functionInMode('standalone', { version, serving }), noFacts);
}

describe('the Components of a Function', () => {
  it('are what it declares, scoped to its app-id', () => {
    for (const version of versions) {
      const [component, ...others] = componentsOf({ pubsub: { kafka } }, version);
      expect(others).toEqual([]);
      expect(component).toMatchObject({
        apiVersion: 'dapr.io/v1alpha1',
        kind: 'Component',
        spec: kafka,
        scopes: ['orders-shop'],
      });
      expect(pick(component, 'metadata', 'name')).toBe('orders-kafka');
    }
  });

  it('come from bindings, pubsub and states', () => {
    const serving = {
      bindings: { cron: { type: 'bindings.cron' } },
      pubsub: { kafka },
      states: { store: { type: 'state.redis' } },
    };
    const wrapped = { ...serving, states: { store: { spec: { type: 'state.redis' } } } };
    for (const components of [componentsOf(serving), componentsOf(wrapped, 'v1beta2')]) {
      expect(
        components.map((one) => [pick(one, 'metadata', 'name'), pick(one, 'spec', 'type')]),
      ).toEqual([
        ['orders-cron', 'bindings.cron'],
        ['orders-kafka', 'pubsub.kafka'],
        ['orders-store', 'state.redis'],
      ]);
    }
  });

  it('are none for a state that only refers to a Component', () => {
    for (const state of [null, {}, { spec: null }, { spec: {} }]) {
      expect(componentsOf({ states: { store: state } }, 'v1beta2')).toEqual([]);
    }
    for (const state of [null, {}]) expect(componentsOf({ states: { store: state } })).toEqual([]);
  });

  it('are complete where the Function leaves out what Dapr asks for', () => {
    const [component] = componentsOf({ bindings: { cron: { type: 'bindings.cron' } } });
    expect(pick(component, 'spec')).toEqual({ type: 'bindings.cron', version: 'v1', metadata: [] });
  });

  it('are one of each name, however often the Function declares it', () => {
    const serving = {
      bindings: { a: { type: 'bindings.cron' } },
      pubsub: { a: kafka },
      states: { a: { type: 'state.redis' } },
    };
    const [component, ...others] = componentsOf(serving);
    expect(others).toEqual([]);
    expect(pick(component, 'metadata', 'name')).toBe('orders-a');
    expect(pick(component, 'spec', 'type')).toBe('bindings.cron');
  });

  it('follow the app-id that the user chose', () => {
    const annotations = { 'dapr.io/app-id': 'my-app' };
    const fn = functionInMode('standalone', { annotations, serving: { pubsub: { kafka } } });
    expect(daprComponents(fn, noFacts)[0]?.['scopes']).toEqual(['my-app']);
  });

  it('are known again by the name that the Function declares', () => {
    const [made] = componentsOf({ pubsub: { kafka } });
    expect(readComponent(made ?? {}, 'shop')).toMatchObject({
      name: 'orders-kafka',
      type: 'pubsub.kafka',
      declaredAs: 'kafka',
      serving: undefined,
    });
  });
});

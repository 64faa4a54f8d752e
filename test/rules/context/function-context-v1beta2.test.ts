import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/api/json.ts';
import type { ContextFacts } from '../../../src/rules/context/function-context.ts';
import { functionContextV1beta2 } from '../../../src/rules/context/function-context-v1beta2.ts';
import { component, lookupOf } from '../../support/components.ts';
import { functionOf, modelOf, v1beta1, v1beta2, versions } from '../../support/functions.ts';
import { noFacts } from '../../support/pods.ts';

function contextOf(object: JsonObject, facts: ContextFacts = noFacts): JsonObject {
  return JSON.parse(functionContextV1beta2(modelOf(object), facts)) as JsonObject;
}

describe('FUNC_CONTEXT_V1BETA2', () => {
  it('has an HTTP trigger for a sync Function', () => {
    for (const version of versions) {
      expect(contextOf(functionOf(version))).toEqual({
        name: 'orders',
        version: 'v1.0.0',
        triggers: { http: { port: 8080 } },
      });
    }
    expect(contextOf(v1beta1({ spec: { port: 9000 } }))).toMatchObject({
      triggers: { http: { port: 9000 } },
    });
    const http = { port: 9000, route: { hostnames: ['a.example.com'] }, engine: 'keda' };
    expect(contextOf(v1beta2({ serving: { triggers: { http } } }))).toMatchObject({
      triggers: { http },
    });
  });

  it('has Dapr triggers under the real names of their components', () => {
    const dapr = [
      { name: 'cron', type: 'bindings.cron' },
      { name: 'kafka', type: 'pubsub.kafka', topic: 'orders', inputName: 'in' },
    ];
    const serving = { triggers: { dapr }, pubsub: { kafka: { type: 'pubsub.kafka' } } };
    expect(contextOf(v1beta2({ serving }))).toEqual({
      name: 'orders',
      version: 'v1.0.0',
      triggers: {
        dapr: [
          { name: 'cron', type: 'bindings.cron' },
          { name: 'orders-kafka', type: 'pubsub.kafka', topic: 'orders', inputName: 'in' },
        ],
      },
    });
  });

  it('keeps two triggers on one component, which FUNC_CONTEXT cannot', () => {
    const dapr = ['a', 'b'].map((topic) => ({ name: 'kafka', type: 'pubsub.kafka', topic }));
    const context = contextOf(v1beta2({ serving: { triggers: { dapr } } }));
    expect(context['triggers']).toEqual({ dapr });
  });

  it('has the inputs of a v1beta1 async Function as Dapr triggers', () => {
    const serving = {
      runtime: 'async',
      pubsub: { kafka: { type: 'pubsub.kafka' } },
      inputs: [{ name: 'in', component: 'kafka', topic: 'orders' }],
    };
    expect(contextOf(v1beta1({ serving }))['triggers']).toEqual({
      dapr: [{ name: 'orders-kafka', type: 'pubsub.kafka', topic: 'orders', inputName: 'in' }],
    });
  });

  it('has both kinds of triggers when the Function has', () => {
    const triggers = {
      http: { port: 9000 },
      dapr: [{ name: 'kafka', type: 'pubsub.kafka', topic: 'orders' }],
    };
    expect(contextOf(v1beta2({ serving: { triggers } }))['triggers']).toEqual(triggers);
  });

  it('has the inputs that a trigger reads, with their real names beside the declared ones', () => {
    const inputs = [{ dapr: { name: 'store', type: 'state.redis' } }];
    const serving = {
      triggers: { http: { port: 8080 }, inputs },
      states: { store: { spec: { type: 'state.redis' } } },
    };
    const context = contextOf(v1beta2({ serving }));
    expect(context['triggers']).toEqual({ http: { port: 8080 }, inputs });
    expect(context['inputs']).toEqual({
      store: { componentName: 'orders-store', componentType: 'state.redis' },
    });
  });

  it('has outputs and states, but no topic of an output', () => {
    const serving = {
      bindings: { sink: { type: 'bindings.http' } },
      pubsub: { kafka: { type: 'pubsub.kafka' } },
      outputs: [
        { dapr: { name: 'sink', operation: 'post', metadata: { path: '/x' } } },
        { dapr: { name: 'kafka', topic: 'done' } },
        { other: {} },
      ],
      states: { store: { spec: { type: 'state.redis' } } },
    };
    const context = contextOf(v1beta2({ serving }));
    expect(context['outputs']).toEqual({
      sink: {
        componentName: 'orders-sink',
        componentType: 'bindings.http',
        metadata: { path: '/x' },
        operation: 'post',
      },
      kafka: { componentName: 'orders-kafka', componentType: 'pubsub.kafka' },
    });
    expect(context['states']).toEqual({
      store: { componentName: 'orders-store', componentType: 'state.redis' },
    });
  });

  it("uses the Components that OpenFunction made for the Function's Serving", () => {
    const real = 'orders-x1-pubsub-kafka-abcde';
    const facts = {
      servings: ['orders-x1'],
      components: lookupOf(component(real, 'pubsub.kafka', { serving: 'orders-x1' })),
    };
    const serving = {
      triggers: { dapr: [{ name: 'kafka', topic: 'orders' }] },
      outputs: [{ dapr: { name: 'kafka', topic: 'done' } }],
    };
    expect(contextOf(v1beta2({ serving }), facts)).toMatchObject({
      triggers: { dapr: [{ name: real, topic: 'orders' }] },
      outputs: { kafka: { componentName: real } },
    });
  });

  it('has hooks and enabled tracing, and nothing of what is disabled or empty', () => {
    const tracing = { enabled: true, provider: { name: 'skywalking', oapServer: 'oap:11800' } };
    const hooks = { pre: ['a', 'b'], post: ['c'] };
    expect(contextOf(v1beta2({ serving: { hooks, tracing } }))).toMatchObject({
      preHooks: ['a', 'b'],
      postHooks: ['c'],
      tracing,
    });
    const empty = { hooks: { pre: [], post: [] }, tracing: { ...tracing, enabled: false } };
    const context = contextOf(v1beta2({ serving: { ...empty, outputs: [], states: {} } }));
    expect(Object.keys(context)).toEqual(['name', 'version', 'triggers']);
  });

  it('has neither runtime nor port of its own', () => {
    for (const version of versions) {
      expect(contextOf(functionOf(version))).not.toHaveProperty('runtime');
      expect(contextOf(functionOf(version))).not.toHaveProperty('port');
    }
  });
});

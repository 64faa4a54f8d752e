import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/api/json.ts';
import { type ContextFacts, functionContext } from '../../../src/rules/context/function-context.ts';
import { component, lookupOf } from '../../support/components.ts';
import { functionOf, modelOf, v1beta1, v1beta2, versions } from '../../support/functions.ts';
import { noFacts } from '../../support/pods.ts';

function contextOf(object: JsonObject, facts: ContextFacts = noFacts): JsonObject {
  return JSON.parse(functionContext(modelOf(object), facts)) as JsonObject;
}

const bindings = { cron: { type: 'bindings.cron' }, sink: { type: 'bindings.http' } };
const pubsub = { kafka: { type: 'pubsub.kafka' } };

describe('FUNC_CONTEXT of a Function without Dapr', () => {
  it('names the function, its release, its port and its runtime', () => {
    for (const version of versions) {
      expect(contextOf(functionOf(version))).toEqual({
        name: 'orders',
        version: 'v1.0.0',
        runtime: 'Knative',
        port: '8080',
      });
    }
  });

  it('has an empty release where the Function names none', () => {
    const object = v1beta1({ spec: { version: undefined } });
    expect(contextOf(object)['version']).toBe('');
  });

  it('has the port as text', () => {
    expect(contextOf(v1beta1({ spec: { port: 9000 } }))['port']).toBe('9000');
    const serving = { triggers: { http: { port: 9001 } } };
    expect(contextOf(v1beta2({ serving }))['port']).toBe('9001');
  });
});

describe('FUNC_CONTEXT of a v1beta1 Function', () => {
  const serving = {
    runtime: 'async',
    bindings,
    pubsub,
    states: { store: { type: 'state.redis' } },
    inputs: [
      { name: 'tick', component: 'cron', params: { schedule: '@every 2s' } },
      { name: 'orders', component: 'kafka', topic: 'new-orders' },
    ],
    outputs: [
      { name: 'call', component: 'sink', operation: 'post', params: { path: '/x' } },
      { name: 'done', component: 'kafka', topic: 'done-orders' },
    ],
  };

  it('has inputs, outputs and states under the names that the code uses', () => {
    expect(contextOf(v1beta1({ serving }))).toEqual({
      name: 'orders',
      version: 'v1.0.0',
      runtime: 'Async',
      port: '8080',
      inputs: {
        tick: {
          uri: 'cron',
          componentName: 'orders-cron',
          componentType: 'bindings.cron',
          metadata: { schedule: '@every 2s' },
        },
        orders: {
          uri: 'new-orders',
          componentName: 'orders-kafka',
          componentType: 'pubsub.kafka',
        },
      },
      outputs: {
        call: {
          uri: 'sink',
          componentName: 'orders-sink',
          componentType: 'bindings.http',
          metadata: { path: '/x' },
          operation: 'post',
        },
        done: {
          uri: 'done-orders',
          componentName: 'orders-kafka',
          componentType: 'pubsub.kafka',
        },
      },
      states: { store: { componentName: 'orders-store', componentType: 'state.redis' } },
    });
  });

  it('spells the runtime as the frameworks do', () => {
    for (const runtime of ['async', 'Async', 'ASYNC', 'openFuncAsync', 'OpenFuncAsync']) {
      expect(contextOf(v1beta1({ serving: { ...serving, runtime } }))['runtime']).toBe('Async');
    }
    for (const runtime of ['knative', 'Knative', undefined, null, '', 5, 'other']) {
      const context = contextOf(v1beta1({ serving: { ...serving, runtime } }));
      expect(context['runtime']).toBe('Knative');
      expect(context).not.toHaveProperty('inputs');
      expect(context).toHaveProperty('outputs');
    }
  });

  it('takes an entry without a name under that of its component', () => {
    const inputs = [{ component: 'cron' }];
    const context = contextOf(v1beta1({ serving: { ...serving, inputs } }));
    expect(Object.keys(context['inputs'] as JsonObject)).toEqual(['cron']);
  });

  it('knows the type of a Component that existed before, under its own name', () => {
    const facts = { servings: [], components: lookupOf(component('kafka', 'pubsub.kafka')) };
    const inputs = [{ name: 'in', component: 'kafka', topic: 't' }];
    expect(contextOf(v1beta1({ serving: { runtime: 'async', inputs } }), facts)).toMatchObject({
      inputs: { in: { uri: 't', componentName: 'kafka', componentType: 'pubsub.kafka' } },
    });
  });

  it("uses the Components that OpenFunction made for the Function's Serving", () => {
    const real = 'orders-x1-component-kafka-abcde';
    const facts = {
      servings: ['orders-x1'],
      components: lookupOf(component(real, 'pubsub.kafka', { serving: 'orders-x1' })),
    };
    const context = contextOf(v1beta1({ serving }), facts);
    expect(context).toMatchObject({
      inputs: { orders: { uri: 'new-orders', componentName: real } },
      outputs: { done: { uri: 'done-orders', componentName: real } },
    });
  });

  it('addresses a binding by its declared name, whatever its Component is called', () => {
    const real = 'orders-x1-bindings-cron-abcde';
    const facts = {
      servings: ['orders-x1'],
      components: lookupOf(component(real, 'bindings.cron', { serving: 'orders-x1' })),
    };
    expect(contextOf(v1beta1({ serving }), facts)).toMatchObject({
      inputs: { tick: { uri: 'cron', componentName: real } },
    });
  });
});

describe('FUNC_CONTEXT of a v1beta2 Function', () => {
  const serving = {
    bindings,
    pubsub,
    states: { store: { spec: { type: 'state.redis' } } },
    triggers: {
      dapr: [
        { name: 'cron', type: 'bindings.cron' },
        { name: 'kafka', type: 'pubsub.kafka', topic: 'new-orders', inputName: 'orders' },
      ],
      inputs: [{ dapr: { name: 'sink' } }],
    },
    outputs: [
      {
        dapr: { name: 'sink', operation: 'post', metadata: { path: '/x' }, outputName: 'call' },
      },
      { dapr: { name: 'kafka', topic: 'done-orders' } },
    ],
  };

  it('has Dapr triggers as inputs, and those alone', () => {
    expect(contextOf(v1beta2({ serving }))).toEqual({
      name: 'orders',
      version: 'v1.0.0',
      runtime: 'Async',
      port: '8080',
      inputs: {
        cron: { uri: 'cron', componentName: 'orders-cron', componentType: 'bindings.cron' },
        orders: {
          uri: 'new-orders',
          componentName: 'orders-kafka',
          componentType: 'pubsub.kafka',
        },
      },
      outputs: {
        call: {
          uri: 'sink',
          componentName: 'orders-sink',
          componentType: 'bindings.http',
          metadata: { path: '/x' },
          operation: 'post',
        },
        kafka: {
          uri: 'done-orders',
          componentName: 'orders-kafka',
          componentType: 'pubsub.kafka',
        },
      },
      states: { store: { componentName: 'orders-store', componentType: 'state.redis' } },
    });
  });

  it('is async as soon as there is a Dapr trigger, HTTP or not', () => {
    const triggers = { http: { port: 9000 }, dapr: [{ name: 'kafka', topic: 't' }] };
    expect(contextOf(v1beta2({ serving: { triggers } }))).toMatchObject({
      runtime: 'Async',
      port: '9000',
    });
  });

  it('is sync without one', () => {
    for (const triggers of [undefined, null, {}, { dapr: [] }, { http: {} }, { inputs: [{}] }]) {
      const context = contextOf(v1beta2({ serving: { triggers } }));
      expect(context['runtime']).toBe('Knative');
      expect(context).not.toHaveProperty('inputs');
    }
  });

  it('takes the type of a state from its Component when the Function only refers to it', () => {
    const facts = { servings: [], components: lookupOf(component('store', 'state.redis')) };
    expect(contextOf(v1beta2({ serving: { states: { store: null } } }), facts)).toMatchObject({
      states: { store: { componentName: 'store', componentType: 'state.redis' } },
    });
  });
});

describe('plugins in FUNC_CONTEXT', () => {
  it("come from the Function's own annotations", () => {
    const annotations = {
      plugins: 'order: [a, b]',
      'plugins.tracing': 'enabled: true\nprovider: {name: skywalking, oapServer: "oap:11800"}',
    };
    for (const version of versions) {
      expect(contextOf(functionOf(version, { metadata: { annotations } }))).toMatchObject({
        prePlugins: ['a', 'b', 'skywalking'],
        postPlugins: ['skywalking', 'b', 'a'],
        pluginsTracing: {
          enabled: true,
          provider: { name: 'skywalking', oapServer: 'oap:11800' },
        },
      });
      expect(contextOf(functionOf(version, { annotations }))).not.toHaveProperty('prePlugins');
    }
  });

  it('are left out where there are none', () => {
    const context = contextOf(v1beta1({ metadata: { annotations: { plugins: 'order: []' } } }));
    for (const member of ['prePlugins', 'postPlugins', 'pluginsTracing']) {
      expect(context).not.toHaveProperty(member);
    }
  });
});

describe('hostile names in FUNC_CONTEXT', () => {
  it('are just names', () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'a/b~c', '"', '\u2028', '🦀']) {
      const context = functionContext(
        modelOf(
          v1beta1({
            serving: {
              runtime: 'async',
              inputs: [{ name, component: name, topic: name }],
              outputs: [{ name, component: name, params: JSON.parse(`{"__proto__": "x"}`) }],
            },
          }),
        ),
        noFacts,
      );
      const parsed = JSON.parse(context) as { inputs: JsonObject; outputs: JsonObject };
      expect(Object.keys(parsed.inputs)).toEqual([name]);
      expect(Object.keys(parsed.outputs)).toEqual([name]);
    }
  });
});

import { describe, expect, it } from 'vitest';
import { functionContext } from '../../../src/rules/context/function-context.ts';
import { functionContextV1beta2 } from '../../../src/rules/context/function-context-v1beta2.ts';
import { readEventInputs } from '../../../src/rules/delivery/event-inputs.ts';
import { functionOf, modelOf, v1beta1, v1beta2, versions } from '../../support/functions.ts';
import { noFacts } from '../../support/pods.ts';

function read(context: unknown, v1beta2Context?: unknown) {
  const texts = [context, v1beta2Context].map((value) =>
    value === undefined || typeof value === 'string' ? value : JSON.stringify(value),
  );
  return readEventInputs(texts[0], texts[1]);
}

function inputsOf(context: unknown, v1beta2Context?: unknown) {
  const result = read(context, v1beta2Context);
  if ('problem' in result) throw new Error(result.problem);
  return result.inputs;
}

const kafka = { uri: 'orders', componentName: 'kafka-x7k2p', componentType: 'pubsub.kafka' };
const cron = { uri: 'cron', componentName: 'fn-cron', componentType: 'bindings.cron' };

describe('the event inputs of a Function', () => {
  it('are the topics and bindings of FUNC_CONTEXT, under the real names of their components', () => {
    const context = { name: 'fn', runtime: 'Async', port: '9000', inputs: { a: kafka, b: cron } };
    expect(inputsOf(context)).toEqual({
      kind: 'async',
      topics: [{ pubsub: 'kafka-x7k2p', topic: 'orders' }],
      bindings: ['fn-cron'],
      port: 9000,
    });
  });

  it('are both of two topics on one component, of which FUNC_CONTEXT has one', () => {
    const dapr = ['a', 'b'].map((topic) => ({ name: 'kafka', type: 'pubsub.kafka', topic }));
    const model = modelOf(v1beta2({ serving: { triggers: { dapr } } }));
    const context = functionContext(model, noFacts);
    expect(inputsOf(context).topics).toHaveLength(1);
    expect(inputsOf(context, functionContextV1beta2(model, noFacts)).topics).toEqual([
      { pubsub: 'kafka', topic: 'b' },
      { pubsub: 'kafka', topic: 'a' },
    ]);
  });

  it('are those of what this project writes itself', () => {
    const serving = {
      runtime: 'async',
      pubsub: { kafka: { type: 'pubsub.kafka' } },
      bindings: { cron: { type: 'bindings.cron' } },
      inputs: [
        { name: 'in', component: 'kafka', topic: 'orders' },
        { name: 'tick', component: 'cron' },
      ],
    };
    const model = modelOf(v1beta1({ serving }));
    const expected = {
      kind: 'async',
      topics: [{ pubsub: 'orders-kafka', topic: 'orders' }],
      bindings: ['orders-cron'],
      port: 8080,
    };
    expect(
      inputsOf(functionContext(model, noFacts), functionContextV1beta2(model, noFacts)),
    ).toEqual(expected);
  });

  it('are none for a sync Function', () => {
    for (const version of versions) {
      const model = modelOf(functionOf(version));
      expect(inputsOf(functionContext(model, noFacts))).toEqual({
        kind: 'sync',
        topics: [],
        bindings: [],
        port: 8080,
      });
    }
  });

  it('take a type that a trigger does not state from FUNC_CONTEXT, else from its topic', () => {
    const context = { runtime: 'async', inputs: { c: cron } };
    const dapr = [{ name: 'fn-cron' }, { name: 'mqtt' }, { name: 'redis', topic: 't' }];
    expect(inputsOf(context, { triggers: { dapr } })).toMatchObject({
      topics: [{ pubsub: 'redis', topic: 't' }],
      bindings: ['fn-cron', 'mqtt'],
    });
  });

  it('listen on 8080 where no port is stated', () => {
    for (const port of [undefined, null, ''])
      expect(inputsOf({ runtime: 'Async', port }).port).toBe(8080);
    expect(inputsOf({ runtime: 'Async', port: 81 }).port).toBe(81);
  });

  it('warn of what no event can come from', () => {
    const inputs = {
      a: { componentName: 'kafka', componentType: 'pubsub.kafka' },
      b: { componentName: 'redis', componentType: 'state.redis', uri: 'x' },
      c: { componentType: 'pubsub.kafka', uri: 'x' },
      d: null,
    };
    expect(read({ runtime: 'Async', inputs })).toEqual({
      inputs: { kind: 'async', topics: [], bindings: [], port: 8080 },
      warnings: [
        'input kafka: has no topic, so that nothing can be subscribed to',
        'input redis: no events come from a component of type state.redis',
      ],
    });
  });

  it('are not to be had from what is no context, with a reason that names it', () => {
    const unset = "FUNC_CONTEXT: must be set, to the Function's context as JSON";
    for (const text of [undefined, '']) expect(read(text)).toEqual({ problem: unset });
    for (const text of ['{', '[]', 'null', '3']) {
      expect(read(text)).toEqual({ problem: 'FUNC_CONTEXT: must be a JSON object' });
      expect(read({ runtime: 'Async' }, text)).toEqual({
        problem: 'FUNC_CONTEXT_V1BETA2: must be a JSON object',
      });
    }
    for (const runtime of [undefined, '', 'asynchronous', 7]) {
      expect(read({ runtime })).toEqual({
        problem: 'FUNC_CONTEXT: runtime: must be "Async" or "Knative"',
      });
    }
    for (const port of ['0', 'http', 70000, [8080]]) {
      expect(read({ runtime: 'Async', port })).toEqual({
        problem: 'FUNC_CONTEXT: port: must be a port number from 1 to 65535',
      });
    }
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readComponent } from '../../src/api/component.ts';
import { type FunctionModel, readFunction } from '../../src/api/function.ts';
import type { JsonObject } from '../../src/api/json.ts';
import { readServing } from '../../src/api/serving.ts';
import { noComponents } from '../../src/rules/context/component-lookup.ts';
import { effectiveMode } from '../../src/rules/effective-mode.ts';
import { defaultFunction } from '../../src/rules/function/function-defaults.ts';
import { validateFunction } from '../../src/rules/function/function-validation.ts';
import { functionPod } from '../../src/rules/openfunction/function-pod.ts';
import { admitPod } from '../../src/rules/pod/pod-admission.ts';
import { podClaim } from '../../src/rules/pod/pod-function.ts';
import { skipReasonOf } from '../../src/rules/pod/pod-skip.ts';
import { desiredObjects } from '../../src/rules/proxy/desired-objects.ts';
import {
  anyFunction,
  anyJson,
  anyObject,
  anyPodLike,
  functionOfVersion,
} from '../support/arbitraries.ts';
import { desiredFacts, proxySettings } from '../support/desired.ts';
import {
  functionInMode,
  functionOf,
  modelOf,
  modes,
  namespace,
  v1beta1,
  v1beta2,
  versions,
} from '../support/functions.ts';
import { deepFreeze, nested, objectAt } from '../support/json.ts';
import { functionContainer, noFacts, podOf, podSettings } from '../support/pods.ts';

const numRuns = 300;

/** Runs every rule that takes a Function's object. */
function judge(object: JsonObject, oldObject: JsonObject | undefined): void {
  const fn = readFunction(object, namespace);
  effectiveMode(fn?.serving);
  defaultFunction(object, oldObject);
  validateFunction(object, namespace, oldObject, noComponents);
  readServing(object, namespace);
  readComponent(object, namespace);
  if (fn === undefined) return;
  for (const apiTokens of [true, false]) {
    desiredObjects(fn, desiredFacts, { ...proxySettings, apiTokens });
  }
  for (const pod of [podOf(), functionPod(fn) ?? {}]) {
    admitPod(pod, fn, noFacts, podSettings);
  }
}

/** Runs every rule that takes a Pod. */
function receive(pod: JsonObject, fn: FunctionModel): void {
  podClaim(pod);
  skipReasonOf(pod, namespace, new Set());
  admitPod(pod, fn, noFacts, podSettings);
}

describe('no Function throws', () => {
  it('however wild its values', () => {
    fc.assert(
      fc.property(anyFunction, fc.option(anyFunction, { nil: undefined }), (fn, old) => {
        judge(deepFreeze(fn), old);
      }),
      { numRuns },
    );
  });

  it('however little it is a Function', () => {
    fc.assert(
      fc.property(anyObject, fc.option(anyObject, { nil: undefined }), (object, old) => {
        judge(deepFreeze(object), old);
      }),
      { numRuns },
    );
  });

  it('whatever its name', () => {
    const names = anyJson.map((name) => (typeof name === 'string' ? name : JSON.stringify(name)));
    fc.assert(
      fc.property(functionOfVersion('v1beta1', names), (fn) => {
        judge(fn, undefined);
      }),
      { numRuns: 100 },
    );
  });

  it('whatever any one field holds', () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        for (const version of versions) {
          const parts = { annotations: value, metadata: { annotations: value, labels: value } };
          judge(functionOf(version, parts), undefined);
          for (const field of ['inputs', 'outputs', 'states', 'bindings', 'pubsub', 'triggers']) {
            judge(functionOf(version, { serving: { [field]: value } }), undefined);
            judge(functionOf(version, { serving: { [field]: [value] } }), undefined);
            judge(functionOf(version, { serving: { [field]: { a: value } } }), undefined);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  // Deeper than recursion survives, and no deeper than an API server reads.
  const deep = nested(9_000);

  it('however deep its managed fields and stored values are nested', () => {
    const object = v1beta1({ annotations: { 'openfunction.io/enable-dapr': 'true' } });
    objectAt(object, 'metadata')['managedFields'] = [{ fieldsV1: deep }];
    objectAt(object, 'spec', 'serving')['template'] = deep;
    objectAt(object, 'spec', 'serving')['bindings'] = { kafka: deep };
    const old = v1beta1();
    objectAt(old, 'spec', 'serving')['template'] = nested(9_001);
    expect(() => judge(object, old)).not.toThrow();
    expect(() => judge(object, object)).not.toThrow();
  });

  const nestings: [string, JsonObject][] = [
    ['an HTTP trigger is', { triggers: { http: { route: deep } } }],
    ['the inputs of a trigger are', { triggers: { inputs: [{ dapr: { name: 'a' }, deep }] } }],
    ['hooks are', { hooks: { pre: [deep], post: [deep] } }],
    ['tracing is', { tracing: { enabled: true, deep } }],
  ];

  it.each(nestings)('however deep %s nested', (_, serving) => {
    expect(() => judge(v1beta2({ serving }), undefined)).not.toThrow();
  });

  it('however its plugin annotations refer to themselves', () => {
    const annotations = { 'plugins.tracing': '&a {enabled: true, provider: {name: x}, self: *a}' };
    for (const version of versions) {
      const object = functionOf(version, { metadata: { annotations } });
      expect(() => judge(object, undefined)).not.toThrow();
    }
  });
});

describe('no Pod throws', () => {
  const fns = modes.map((mode) => functionInMode(mode));

  it('however wild its values', () => {
    fc.assert(
      fc.property(fc.oneof(anyPodLike, anyObject), fc.constantFrom(...fns), (pod, fn) => {
        receive(deepFreeze(pod), fn);
      }),
      { numRuns: 500 },
    );
  });

  it('whatever port an injected daprd claims to have', () => {
    const ports = [
      { toString: null },
      { valueOf: 1, toString: 2 },
      JSON.parse('{"__proto__": null, "toString": "x"}'),
      [{ toString: null }],
      nested(9_000),
      null,
      true,
      'grpc',
      -1,
    ];
    for (const containerPort of ports) {
      const daprd = { name: 'daprd', ports: [{ name: 'dapr-grpc', containerPort }] };
      const pod = podOf({ containers: [functionContainer(), daprd] });
      for (const fn of fns) expect(() => receive(pod, fn)).not.toThrow();
    }
  });

  it('however deep it is nested', () => {
    const deep = nested(9_000);
    const pod = podOf({
      labels: { deep },
      annotations: { 'dapr.io/deep': deep, deep },
      containers: [functionContainer({ deep, env: [{ name: deep, value: deep }] })],
      spec: { deep, volumes: [deep], initContainers: [deep] },
    });
    for (const fn of fns) expect(() => receive(pod, fn)).not.toThrow();
  });
});

it('a Function read from hostile JSON is the same whoever polluted no prototype', () => {
  const object = JSON.parse(
    JSON.stringify(v1beta1({ annotations: { a: 'b' } })).replace(
      '"a":"b"',
      '"__proto__":{"openfunction.io/enable-dapr":"true"},"constructor":"x"',
    ),
  ) as JsonObject;
  expect(effectiveMode(modelOf(object).serving).mode).toBe('disabled');
  expect(({} as JsonObject)['openfunction.io/enable-dapr']).toBeUndefined();
});

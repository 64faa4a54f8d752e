import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/api/json.ts';
import { creationTimeOf, readObservedPod } from '../../../src/rules/reconcile/observed-pod.ts';
import { anyJson, anyObject, anyPodLike } from '../../support/arbitraries.ts';
import { functionInMode, modes, namespace } from '../../support/functions.ts';
import { deepFreeze, nested, objectAt } from '../../support/json.ts';
import { admit, podOf } from '../../support/pods.ts';

const replicaSet = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  name: 'orders-7d4b9c',
  uid: 'r-1',
  controller: true,
};

/** A function pod as an API server has it. */
function pod(metadata: JsonObject = {}, labels: JsonObject = {}): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'orders-7d4b9c-x1',
      namespace,
      uid: 'p-1',
      creationTimestamp: '2026-01-02T03:04:05Z',
      labels: {
        'openfunction.io/function': 'orders',
        'baas.openfunction.io/mode': 'standalone',
        ...labels,
      },
      ownerReferences: [replicaSet],
      ...metadata,
    },
  };
}

function read(object: JsonObject) {
  return readObservedPod(deepFreeze(object), new Set(['kube-system']));
}

describe('of a function pod', () => {
  it('is read whose it is, how it was admitted, and who would replace it', () => {
    expect(read(pod())).toEqual({
      namespace: 'shop',
      name: 'orders-7d4b9c-x1',
      uid: 'p-1',
      claim: { kind: 'function', name: 'orders' },
      mode: 'standalone',
      hasController: true,
      isDeleting: false,
      createdAt: '2026-01-02T03:04:05Z',
    });
  });

  it('the mode is the one that admission writes', () => {
    for (const mode of modes) {
      const admitted = admit(podOf(), functionInMode(mode)).pod;
      objectAt(admitted, 'metadata')['name'] = 'orders-x1';
      expect(read(admitted)?.mode).toBe(mode);
    }
  });

  it('there is no mode where this webhook did not admit it', () => {
    for (const mode of [undefined, '', null, 7]) {
      expect(read(pod({}, { 'baas.openfunction.io/mode': mode }))).toMatchObject({
        name: 'orders-7d4b9c-x1',
        mode: undefined,
      });
    }
  });

  it('the claim is a Serving where its labels name no Function', () => {
    const labels = {
      'openfunction.io/function': undefined,
      'openfunction.io/serving': 'orders-x1',
    };
    expect(read(pod({}, labels))?.claim).toEqual({ kind: 'serving', name: 'orders-x1' });
    const both = { 'openfunction.io/serving': 'orders-x1' };
    expect(read(pod({}, both))?.claim).toEqual({ kind: 'function', name: 'orders' });
  });

  it('nobody replaces it where no owner controls it', () => {
    for (const ownerReferences of [undefined, [], [{ ...replicaSet, controller: false }], [7]]) {
      expect(read(pod({ ownerReferences }))?.hasController).toBe(false);
    }
  });

  it('a deletion is seen while it still runs', () => {
    expect(read(pod({ deletionTimestamp: '2026-01-02T03:04:05Z' }))?.isDeleting).toBe(true);
  });

  it('a deletion that says no time is none', () => {
    for (const deletionTimestamp of [undefined, null, '']) {
      expect(read(pod({ deletionTimestamp }))?.isDeleting).toBe(false);
    }
  });

  it('times compare as texts, and one that is missing is before every other', () => {
    const times = ['2025-12-31T23:59:59Z', '2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z'];
    const read = times.map((creationTimestamp) => creationTimeOf(pod({ creationTimestamp })));
    expect(read.toSorted()).toEqual(times);
    for (const creationTimestamp of [undefined, null, 5]) {
      expect(creationTimeOf(pod({ creationTimestamp }))).toBe('');
    }
  });
});

describe('a Pod that admission leaves alone', () => {
  const cases: [string, JsonObject, JsonObject?][] = [
    ['is our proxy', {}, { 'baas.openfunction.io/proxy': 'orders' }],
    ["is OpenFunction's proxy", {}, { 'openfunction.io/proxy': 'orders-x1' }],
    ['was opted out', {}, { 'baas.openfunction.io/inject': 'disabled' }],
    ['is in an excluded namespace', { namespace: 'kube-system' }],
    ['is a mirror pod', { annotations: { 'kubernetes.io/config.mirror': 'x' } }],
    ['is no function pod', {}, { 'openfunction.io/function': undefined }],
    ['has no name', { name: undefined }],
  ];

  it.each(cases)('because it %s is nobody’s here either', (_, metadata, labels) => {
    expect(read(pod(metadata, labels))).toBeUndefined();
  });
});

describe('nothing throws', () => {
  it('however little it is a Pod', () => {
    fc.assert(
      fc.property(fc.oneof(anyPodLike, anyObject), (object) => {
        read(object);
        creationTimeOf(object);
      }),
      { numRuns: 300 },
    );
  });

  it('whatever any one field of the metadata holds', () => {
    const fields = ['labels', 'annotations', 'ownerReferences', 'namespace', 'deletionTimestamp'];
    fc.assert(
      fc.property(anyJson, fc.constantFrom(...fields), (value, field) => {
        read(pod({ [field]: value }));
        read(pod({ [field]: [value] }));
        read(pod({}, { [field]: value }));
      }),
      { numRuns: 200 },
    );
  });

  it('however deep it is nested', () => {
    const deep = nested(9_000);
    expect(() => read(pod({ labels: deep, ownerReferences: [deep], deep }))).not.toThrow();
  });
});

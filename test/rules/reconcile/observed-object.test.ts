import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../../src/api/json.ts';
import { functionLabelValueOf } from '../../../src/rules/names.ts';
import {
  controllerOwnerOf,
  isOurs,
  isPredecessors,
  type ObservedObject,
  readObservedObject,
} from '../../../src/rules/reconcile/observed-object.ts';
import { anyJson, anyObject } from '../../support/arbitraries.ts';
import { functionInMode } from '../../support/functions.ts';
import { deepFreeze, nested } from '../../support/json.ts';
import { observedObject, ownerOf } from '../../support/observed.ts';

const fn = functionInMode('standalone', { metadata: { uid: 'u-1' } });

const owner = {
  apiVersion: 'core.openfunction.io/v1beta1',
  kind: 'Function',
  name: 'orders',
  uid: 'u-1',
  controller: true,
  blockOwnerDeletion: true,
};

/** A Service as an API server has it. */
function service(metadata: JsonObject = {}): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'orders-dapr-proxy',
      namespace: 'shop',
      uid: 's-1',
      resourceVersion: '17',
      labels: { 'openfunction.io/managed': 'true', 'baas.openfunction.io/proxy': 'orders' },
      ownerReferences: [owner],
      ...metadata,
    },
    spec: { selector: { app: 'proxy' } },
  };
}

function read(object: JsonObject): ObservedObject {
  const observed = readObservedObject(deepFreeze(object));
  if (observed === undefined) throw new Error('the test gave nothing that is kept');
  return observed;
}

describe('of an object that is kept', () => {
  it('is read what says which one it is, whose, and for whom', () => {
    expect(read(service())).toEqual({
      kind: 'Service',
      namespace: 'shop',
      name: 'orders-dapr-proxy',
      uid: 's-1',
      resourceVersion: '17',
      functionName: 'orders',
      owner: {
        apiVersion: 'core.openfunction.io/v1beta1',
        kind: 'Function',
        name: 'orders',
        uid: 'u-1',
      },
      isDeleting: false,
      isApplied: false,
      fingerprint: undefined,
      isDaprs: false,
    });
  });

  it('the Function is the one that owns it, whatever somebody wrote into its label', () => {
    const labels = { 'baas.openfunction.io/proxy': 'stock' };
    expect(read(service({ labels })).functionName).toBe('orders');
    expect(read(service({ labels: {} })).functionName).toBe('orders');
  });

  it('the Function is the one in its label where no Function owns it', () => {
    for (const ownerReferences of [
      [],
      [{ ...owner, controller: false }],
      [{ ...owner, apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'rs' }],
    ]) {
      expect(read(service({ ownerReferences })).functionName).toBe('orders');
    }
    expect(read(service({ ownerReferences: [], labels: {} })).functionName).toBe('');
  });

  it('the owner is the one that controls it, not the first one', () => {
    const other = { ...owner, uid: 'u-9', controller: false };
    expect(read(service({ ownerReferences: [other, owner] })).owner?.uid).toBe('u-1');
  });

  it('a deletion is seen while a finalizer still holds it', () => {
    expect(read(service({ deletionTimestamp: '2026-01-01T00:00:00Z' })).isDeleting).toBe(true);
    for (const deletionTimestamp of ['', null]) {
      expect(read(service({ deletionTimestamp })).isDeleting).toBe(false);
    }
  });

  it('the fingerprint is of what this project applied, and changes with that alone', () => {
    const applied = (color: string, theirs: string) =>
      service({
        annotations: { color, theirs },
        managedFields: [
          {
            manager: 'openfunction-dapr-webhook',
            operation: 'Apply',
            fieldsV1: { 'f:metadata': { 'f:annotations': { 'f:color': {} } } },
          },
        ],
      });
    const { fingerprint, isApplied } = read(applied('red', 'a'));
    expect(isApplied).toBe(true);
    expect(fingerprint).toMatch(/^[0-9a-f]{16}$/);
    expect(read(applied('red', 'b')).fingerprint).toBe(fingerprint);
    expect(read(applied('blue', 'a')).fingerprint).not.toBe(fingerprint);
  });
});

describe("a Service that Dapr's operator made", () => {
  it('is told by its label, which ours has as well, beside our own', () => {
    const labels = { 'dapr.io/enabled': 'true' };
    expect(read(service({ labels })).isDaprs).toBe(true);
    const ours = { ...labels, 'openfunction.io/managed': 'true' };
    expect(read(service({ labels: ours })).isDaprs).toBe(false);
    expect(read(service()).isDaprs).toBe(false);
  });
});

describe('an object', () => {
  it('of a kind that is not kept, or without a name, is not read', () => {
    for (const kind of ['Pod', 'Function', 'ConfigMap', 'toString', '__proto__', '', 7, null]) {
      expect(readObservedObject({ ...service(), kind })).toBeUndefined();
    }
    for (const name of [undefined, null, '', 7, {}]) {
      expect(readObservedObject(service({ name }))).toBeUndefined();
    }
    expect(readObservedObject({ kind: 'Service' })).toBeUndefined();
  });

  it('is ours when this very Function owns it, in whichever version', () => {
    const ours = observedObject(fn, 'Service', 'a');
    expect(isOurs(ours, fn)).toBe(true);
    const apiVersion = 'core.openfunction.io/v1beta2';
    expect(isOurs({ ...ours, owner: { ...ownerOf(fn), apiVersion } }, fn)).toBe(true);
    expect(isPredecessors(ours, fn)).toBe(false);
  });

  it('is not ours when an earlier Function of the name owns it, another one, or nobody', () => {
    const one = observedObject(fn, 'Service', 'a');
    const earlier = { ...one, owner: { ...ownerOf(fn), uid: 'u-0' } };
    expect([isOurs(earlier, fn), isPredecessors(earlier, fn)]).toEqual([false, true]);
    const another = { ...one, owner: { ...ownerOf(fn), uid: 'u-0', name: 'stock' } };
    expect([isOurs(another, fn), isPredecessors(another, fn)]).toEqual([false, false]);
    const nobodys = { ...one, owner: undefined, isApplied: false };
    expect([isOurs(nobodys, fn), isPredecessors(nobodys, fn)]).toEqual([false, false]);
  });

  it('that lost its owner is ours where we applied it, and its label names the Function or nobody', () => {
    const orphan = { ...observedObject(fn, 'Service', 'a'), owner: undefined };
    expect(isOurs(orphan, fn)).toBe(true);
    expect(isOurs({ ...orphan, functionName: '' }, fn)).toBe(true);
    expect(isOurs({ ...orphan, functionName: 'stock' }, fn)).toBe(false);
    const long = functionInMode('standalone', { name: 'x'.repeat(90), metadata: { uid: 'u-1' } });
    const labelled = { ...orphan, functionName: functionLabelValueOf(long) };
    expect([isOurs(labelled, long), isOurs(labelled, fn)]).toEqual([true, false]);
  });

  it('is never ours while no API server has stored the Function', () => {
    const unstored = functionInMode('standalone');
    for (const one of [
      observedObject(unstored, 'Service', 'a'),
      observedObject(fn, 'Service', 'a'),
    ]) {
      expect(isOurs(one, unstored)).toBe(false);
    }
  });
});

describe('nothing throws', () => {
  const kinds = ['Service', 'Deployment', 'Secret', 'Component', 'NetworkPolicy'];

  it('however little it is an object', () => {
    fc.assert(
      fc.property(anyObject, fc.constantFrom(...kinds), (object, kind) => {
        readObservedObject(deepFreeze({ ...object, kind }));
        controllerOwnerOf(object);
      }),
      { numRuns: 300 },
    );
  });

  it('whatever any one field of the metadata holds, and what is read has its type', () => {
    const fields = [
      ...['namespace', 'uid', 'resourceVersion', 'labels', 'ownerReferences'],
      ...['deletionTimestamp', 'managedFields', 'annotations'],
    ];
    fc.assert(
      fc.property(anyJson, fc.constantFrom(...fields), (value, field) => {
        for (const held of [value, [value], { [field]: value }] as Json[]) {
          const observed = read(service({ [field]: held }));
          const {
            owner: by,
            isDeleting,
            isApplied,
            isDaprs,
            fingerprint,
            kind: _,
            ...texts
          } = observed;
          for (const text of [...Object.values(texts), ...Object.values(by ?? {})]) {
            expect(typeof text).toBe('string');
          }
          for (const flag of [isDeleting, isApplied, isDaprs]) expect(typeof flag).toBe('boolean');
          expect(['string', 'undefined']).toContain(typeof fingerprint);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('however deep its fields are nested', () => {
    const deep = nested(9_000);
    const object = service({
      labels: deep,
      ownerReferences: [deep],
      managedFields: [
        { manager: 'openfunction-dapr-webhook', operation: 'Apply', fieldsV1: { 'f:spec': {} } },
      ],
    });
    expect(() => readObservedObject({ ...object, spec: deep })).not.toThrow();
  });
});

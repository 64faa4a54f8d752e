import { beforeEach, describe, expect, test } from 'vitest';
import { OwnedObjects } from '../../../src/adapters/kubernetes/owned-objects.ts';
import type { ObservedObject } from '../../../src/rules/reconcile/observed-object.ts';

let objects: OwnedObjects;
/** Functions that were woken, oldest first. */
let woken: string[];

beforeEach(() => {
  woken = [];
  objects = new OwnedObjects('Service', ({ functionName }) => woken.push(functionName));
});

function service(parts: Partial<ObservedObject> = {}): ObservedObject {
  return {
    kind: 'Service',
    namespace: 'demo',
    name: 'orders-proxy',
    uid: 'uid-1',
    resourceVersion: '10',
    functionName: 'orders',
    owner: { apiVersion: 'v1', kind: 'Function', name: 'orders', uid: 'function-1' },
    isDeleting: false,
    isApplied: true,
    fingerprint: 'as-wanted',
    isDaprs: false,
    ...parts,
  };
}

/** Versions of what is known of a Function. */
function versionsOf(functionName = 'orders'): string[] {
  return objects.of('demo', functionName).map(({ resourceVersion }) => resourceVersion);
}

describe('what a watch says', () => {
  test('of an object that is new wakes its Function', () => {
    objects.saw(service());
    expect(objects.of('demo', 'orders')).toEqual([service()]);
    expect([...objects.values()]).toEqual([service()]);
    expect(woken).toEqual(['orders']);
  });

  test('of a change to its status, or to fields of somebody else, is remembered and wakes nobody', () => {
    objects.saw(service());
    objects.saw(service({ resourceVersion: '11' }));
    expect(versionsOf()).toEqual(['11']);
    expect(woken).toEqual(['orders']);
  });

  test.each<[what: string, change: Partial<ObservedObject>]>([
    ['a field of ours', { fingerprint: 'changed' }],
    ['that none of its fields are ours any more', { fingerprint: undefined }],
    ['that it is being deleted', { isDeleting: true }],
    ['its owner', { owner: undefined }],
    ['that it is another one', { uid: 'uid-2' }],
  ])('of %s wakes its Function', (_what, change) => {
    objects.saw(service());
    objects.saw(service({ ...change, resourceVersion: '11' }));
    expect(woken).toEqual(['orders', 'orders']);
  });

  test('of an object that went from one Function to another wakes both', () => {
    objects.saw(service({ owner: undefined }));
    objects.saw(service({ owner: undefined, functionName: 'thumbnails', resourceVersion: '11' }));
    expect(woken.slice(1).sort()).toEqual(['orders', 'thumbnails']);
    expect([versionsOf('orders'), versionsOf('thumbnails')]).toEqual([[], ['11']]);
  });

  test('of an object that is gone wakes its Function', () => {
    objects.saw(service());
    objects.sawDeleted('demo', 'orders-proxy', 'uid-1');
    expect(objects.of('demo', 'orders')).toEqual([]);
    expect(woken).toEqual(['orders', 'orders']);
  });

  test('of an object that nobody knew is gone wakes nobody', () => {
    objects.sawDeleted('demo', 'orders-proxy', 'uid-1');
    expect(woken).toEqual([]);
  });
});

describe('a write of our own', () => {
  test('is known before any watch says so, and wakes nobody, also when the watch says so', () => {
    objects.wrote(service({ resourceVersion: '12' }));
    expect(versionsOf()).toEqual(['12']);
    objects.saw(service({ resourceVersion: '12' }));
    expect(woken).toEqual([]);
  });

  test('is not undone by a watch that is behind', () => {
    objects.wrote(service({ resourceVersion: '100' }));
    objects.saw(service({ resourceVersion: '99', fingerprint: 'before' }));
    expect(objects.of('demo', 'orders')).toEqual([service({ resourceVersion: '100' })]);
    expect(woken).toEqual([]);
  });

  test('does not undo what a watch said meanwhile', () => {
    objects.saw(service({ resourceVersion: '101', fingerprint: 'changed' }));
    objects.wrote(service({ resourceVersion: '100' }));
    expect(versionsOf()).toEqual(['101']);
  });

  test('is believed where versions are no numbers', () => {
    objects.saw(service({ resourceVersion: 'b' }));
    objects.wrote(service({ resourceVersion: 'a' }));
    expect(versionsOf()).toEqual(['a']);
  });

  test('is not undone by what a late watch says of the predecessor of the same name', () => {
    const successor = service({ uid: 'uid-2', resourceVersion: '20' });
    objects.saw(service());
    objects.deleted(service());
    objects.wrote(successor);
    objects.saw(service({ resourceVersion: '11', isDeleting: true }));
    objects.sawDeleted('demo', 'orders-proxy', 'uid-1');
    expect(objects.of('demo', 'orders')).toEqual([successor]);
    objects.saw(successor);
    expect(woken).toEqual(['orders']);
  });

  test('whose answer comes after a watch said that the object is gone does not bring it back', () => {
    objects.saw(service());
    objects.sawDeleted('demo', 'orders-proxy', 'uid-1');
    objects.wrote(service({ resourceVersion: '11' }));
    expect(objects.of('demo', 'orders')).toEqual([]);
  });

  test('counts again for an object that had only ceased to carry our label', () => {
    objects.saw(service());
    objects.sawDeleted('demo', 'orders-proxy', 'uid-1');
    objects.saw(service({ resourceVersion: '12' }));
    objects.wrote(service({ resourceVersion: '13' }));
    expect(versionsOf()).toEqual(['13']);
  });

  test('remembers only so many deletions', () => {
    for (let index = 0; index <= 1_000; index += 1) {
      objects.sawDeleted('demo', 'orders-proxy', `gone-${index}`);
    }
    objects.wrote(service({ uid: 'gone-1' }));
    expect(versionsOf()).toEqual([]);
    objects.wrote(service({ uid: 'gone-0' }));
    expect(versionsOf()).toEqual(['10']);
  });
});

describe('a deletion of our own', () => {
  test('is known at once, and wakes nobody', () => {
    objects.saw(service());
    objects.deleted(service());
    expect(objects.of('demo', 'orders')).toEqual([]);
    objects.sawDeleted('demo', 'orders-proxy', 'uid-1');
    expect(woken).toEqual(['orders']);
  });

  test('leaves a successor of the same name', () => {
    objects.saw(service({ uid: 'uid-2' }));
    objects.deleted(service({ uid: 'uid-1' }));
    expect(versionsOf()).toEqual(['10']);
  });
});

describe('a list', () => {
  test('is all there is, also where it has older versions: a backup may have been restored', () => {
    objects.saw(service({ resourceVersion: '500' }));
    objects.saw(service({ name: 'other', uid: 'uid-9' }));
    objects.replace([service({ resourceVersion: '7' })]);
    expect(versionsOf()).toEqual(['7']);
  });
});

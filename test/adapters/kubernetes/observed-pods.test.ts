import { beforeEach, describe, expect, test } from 'vitest';
import { ObservedPods } from '../../../src/adapters/kubernetes/observed-pods.ts';
import type { ObservedPod } from '../../../src/rules/reconcile/observed-pod.ts';

let pods: ObservedPods;
/** What the Pods claim that were told of, oldest first. */
let woken: string[];

beforeEach(() => {
  woken = [];
  pods = new ObservedPods(({ claim }) => woken.push(`${claim.kind} ${claim.name}`));
});

const ofFunction = { kind: 'function', name: 'orders' } as const;
const ofServing = { kind: 'serving', name: 'serving-x' } as const;

function pod(parts: Partial<ObservedPod> = {}): ObservedPod {
  return {
    namespace: 'demo',
    name: 'orders-1',
    uid: 'uid-1',
    claim: ofFunction,
    mode: 'standalone',
    hasController: true,
    isDeleting: false,
    createdAt: '2026-01-01T00:00:00Z',
    ...parts,
  };
}

function names(claim: ObservedPod['claim'] = ofFunction): string[] {
  return pods.claiming('demo', claim).map(({ name }) => name);
}

describe('a Pod', () => {
  test('is found by its name and by what it claims, and wakes whom it claims', () => {
    pods.saw('function', pod());
    expect(pods.get('demo', 'orders-1')).toMatchObject(pod());
    expect(names()).toEqual(['orders-1']);
    expect(names({ kind: 'serving', name: 'orders' })).toEqual([]);
    expect(pods.claiming('other', ofFunction)).toEqual([]);
    expect(woken).toEqual(['function orders']);
  });

  test('whose status changes wakes nobody', () => {
    pods.saw('function', pod());
    pods.saw('function', pod());
    expect(woken).toHaveLength(1);
  });

  test.each<[what: string, change: Partial<ObservedPod>]>([
    ['is admitted in another mode', { mode: undefined }],
    ['is being deleted', { isDeleting: true }],
    ['is another one of the same name', { uid: 'uid-2' }],
  ])('that %s wakes whom it claims', (_what, change) => {
    pods.saw('function', pod());
    pods.saw('function', pod(change));
    expect(woken).toHaveLength(2);
  });

  test('that is gone wakes whom it claimed', () => {
    pods.saw('function', pod());
    pods.sawDeleted('function', 'demo', 'orders-1');
    expect(names()).toEqual([]);
    expect(woken).toHaveLength(2);
  });

  test('that nobody knew and is gone wakes nobody', () => {
    pods.sawDeleted('function', 'demo', 'orders-1');
    expect(woken).toEqual([]);
  });
});

describe('two watches', () => {
  test('each replace what is theirs', () => {
    pods.saw('function', pod());
    pods.saw('serving', pod({ name: 'served', claim: ofServing }));
    pods.replace('function', [pod({ name: 'orders-2' })]);
    expect([names(), names(ofServing)]).toEqual([['orders-2'], ['served']]);
    pods.replace('serving', []);
    expect([...pods.values()].map(({ name }) => name)).toEqual(['orders-2']);
  });

  test('may tell in either order of a Pod that got the label of a Function', () => {
    pods.saw('serving', pod({ claim: ofServing }));
    pods.saw('function', pod());
    pods.sawDeleted('serving', 'demo', 'orders-1');
    expect(names()).toEqual(['orders-1']);
    pods.saw('serving', pod({ name: 'served', claim: ofServing }));
    pods.sawDeleted('serving', 'demo', 'served');
    pods.saw('function', pod({ name: 'served' }));
    expect(names()).toEqual(['orders-1', 'served']);
    expect(names(ofServing)).toEqual([]);
  });

  test('forget a Pod whose empty label of a Function leaves it to its Serving', () => {
    // The label is there, so that it comes from the watch of Functions; it claims nothing.
    pods.saw('function', pod({ claim: ofServing }));
    expect(names(ofServing)).toEqual(['orders-1']);
    pods.replace('serving', []);
    expect(names(ofServing)).toEqual(['orders-1']);
    pods.sawDeleted('function', 'demo', 'orders-1');
    expect(names(ofServing)).toEqual([]);
  });
});

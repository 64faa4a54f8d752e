import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FunctionModel } from '../../../src/api/function.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { isOurs, type ObservedObject } from '../../../src/rules/reconcile/observed-object.ts';
import type { ObservedPod } from '../../../src/rules/reconcile/observed-pod.ts';
import type { OpenFunctionProxy } from '../../../src/rules/reconcile/plan.ts';
import { anyFunction } from '../../support/arbitraries.ts';
import { daprServiceMode, enableDapr, modelOf, modes } from '../../support/functions.ts';
import { objectAt, wireCopy } from '../../support/json.ts';
import { observedObject, observedPod, ownerOf } from '../../support/observed.ts';
import {
  type Circumstances,
  carriedOut,
  changesOf,
  converged,
  planFor,
  titleOf,
} from './idealised-cluster.ts';

const numRuns = 200;

/** What may have become of an object that is, or was, wanted for a Function. */
const fates = [
  ...(['absent', 'as wanted', 'changed', 'of nobody', "another Function's"] as const),
  ...(['of an earlier Function', 'being deleted', 'being deleted, of nobody'] as const),
];
type Fate = (typeof fates)[number];

function withFate(fn: FunctionModel, one: ObservedObject, fate: Fate): ObservedObject[] {
  const owner = ownerOf(fn);
  switch (fate) {
    case 'absent':
      return [];
    case 'as wanted':
      return [one];
    case 'changed':
      return [{ ...one, fingerprint: 'changed' }];
    case 'of nobody':
      return [{ ...one, owner: undefined }];
    case "another Function's":
      return [{ ...one, owner: { ...owner, name: 'stock', uid: 'u-2' } }];
    case 'of an earlier Function':
      return [{ ...one, owner: { ...owner, uid: 'u-0' } }];
    case 'being deleted':
      return [{ ...one, isDeleting: true }];
    case 'being deleted, of nobody':
      return [{ ...one, isDeleting: true, owner: undefined }];
  }
}

/** The same Function in another mode, with or without tokens. */
function inMode(
  object: JsonObject,
  mode: (typeof modes)[number],
  apiToken: boolean,
): FunctionModel {
  const copy = wireCopy(object);
  const serving = objectAt(copy, 'spec', 'serving');
  serving['annotations'] = {
    ...objectAt(serving, 'annotations'),
    [enableDapr]: String(mode !== 'disabled'),
    [daprServiceMode]: mode,
    'baas.openfunction.io/api-token': String(apiToken),
  };
  objectAt(copy, 'spec')['serving'] = serving;
  return modelOf(copy);
}

interface Scene {
  readonly fn: FunctionModel;
  readonly around: Circumstances & {
    readonly objects: readonly ObservedObject[];
    readonly pods: readonly ObservedPod[];
    readonly openFunctionProxy: OpenFunctionProxy | undefined;
  };
}

const pod = fc
  .record({
    name: fc.constantFrom('a', 'b', 'c'),
    mode: fc.constantFrom('standalone', 'standalone', 'sidecar', 'disabled', undefined),
    createdAt: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-03T00:00:00Z'),
    isDeleting: fc.boolean(),
  })
  .map(({ name, ...members }) => observedPod(name, members));

/**
 * A Function, and a cluster in which each object that is wanted for it in any mode
 * has had some fate, with pods of all sorts.
 */
const scene: fc.Arbitrary<Scene> = fc
  .record({
    object: anyFunction,
    mode: fc.constantFrom(...modes),
    apiToken: fc.boolean(),
    fateOf: fc.func(fc.constantFrom(...fates)),
    pods: fc.array(pod, { maxLength: 3 }),
    openFunctionProxy: fc.option(
      fc.constant({ name: 'theirs', createdAt: '2026-01-02T00:00:00Z' }),
      { nil: undefined, freq: 3 },
    ),
    hasAnnotatedWorkload: fc.boolean(),
    componentsAreServed: fc.boolean(),
  })
  .map(({ object, mode, apiToken, fateOf, ...around }) => {
    const fn = inMode(object, mode, apiToken);
    const known = new Map<string, ObservedObject>();
    for (const other of modes) {
      for (const one of converged(inMode(object, other, true))) known.set(titleOf(one), one);
    }
    const formerly = observedObject(fn, 'Service', 'of-another-app-id-dapr');
    known.set(titleOf(formerly), formerly);
    // What is as wanted is so for the Function as it is now.
    for (const one of converged(fn)) known.set(titleOf(one), one);
    const objects = [...known.values()].flatMap((one) => withFate(fn, one, fateOf(titleOf(one))));
    const { hasAnnotatedWorkload, ...surroundings } = around;
    return { fn, around: { ...surroundings, objects, facts: { hasAnnotatedWorkload } } };
  });

/** The same with a pod that is admitted in standalone mode and older than any proxy of OpenFunction. */
const sceneWithClient = scene.map(({ fn, around }) => {
  const client = observedPod('client', { createdAt: '2026-01-01T00:00:00Z' });
  return { fn, around: { ...around, pods: [...around.pods, client] } };
});

/** The scene after one round. */
function roundLater({ fn, around }: Scene): Scene {
  const objects = carriedOut(fn, around.objects, planFor(fn, around));
  return { fn, around: { ...around, objects } };
}

describe('a plan', () => {
  it('leads to where there is nothing left to do, in one round', () => {
    fc.assert(
      fc.property(scene, (before) => {
        const { fn, around } = roundLater(before);
        expect(changesOf(planFor(fn, around))).toEqual([]);
      }),
      { numRuns },
    );
  });

  it('has all that is wanted made, but for names that belong to somebody else', () => {
    fc.assert(
      fc.property(scene, ({ fn, around }) => {
        // What was on its way out is gone, and so are the pods.
        const settled = around.objects.filter(
          ({ isDeleting, owner }) => !isDeleting && owner?.uid !== 'u-0',
        );
        const alone = { ...around, objects: settled, pods: [] };
        const { around: made } = roundLater({ fn, around: alone });
        const wanted = converged(fn, { ...alone, objects: [] });
        for (const one of wanted) {
          const live = made.objects.find((other) => titleOf(other) === titleOf(one));
          const isTheirs = live !== undefined && !isOurs(live, fn);
          const isOnce = one.kind === 'Secret' && live !== undefined;
          if (!isTheirs && !isOnce) expect(live?.fingerprint).toBe(one.fingerprint);
          else expect(live).toBeDefined();
        }
        const isServed = around.componentsAreServed;
        const left = made.objects.filter(
          (one) => isOurs(one, fn) && (isServed || one.kind !== 'Component'),
        );
        const titles = wanted.map(titleOf);
        expect(left.map(titleOf).filter((title) => !titles.includes(title))).toEqual([]);
      }),
      { numRuns },
    );
  });

  it('neither changes nor deletes anything that is not ours', () => {
    fc.assert(
      fc.property(scene, (before) => {
        const { fn } = before;
        const plan = planFor(fn, before.around);
        for (const step of plan.steps) {
          const there = before.around.objects.find((one) => titleOf(one) === titleOf(step));
          if (step.verb === 'delete') expect(isOurs(step.observed, fn)).toBe(true);
          if (step.verb !== 'apply') continue;
          expect(step.observed).toBe(there);
          if (there !== undefined) expect(isOurs(there, fn)).toBe(true);
        }
        const theirs = before.around.objects.filter((one) => !isOurs(one, fn));
        expect(roundLater(before).around.objects).toEqual(expect.arrayContaining(theirs));
      }),
      { numRuns },
    );
  });

  it('leaves the proxy while a pod uses it, with everything that the proxy needs', () => {
    fc.assert(
      fc.property(sceneWithClient, ({ fn, around }) => {
        const { steps } = planFor(fn, around);
        const gone = steps.filter(({ verb }) => verb === 'delete');
        const kinds = gone.map(({ kind }) => kind);
        expect(kinds).not.toContain('Deployment');
        expect(kinds).not.toContain('Secret');
        const wanted = converged(fn, { ...around, objects: [] });
        if (wanted.some(({ kind }) => kind === 'Deployment')) return;
        // The Service of sidecar mode is all that the proxy does without.
        for (const { kind, name } of gone) {
          expect(kind).toBe('Service');
          expect(name).not.toMatch(/-(dapr-proxy|events)$/);
        }
      }),
      { numRuns },
    );
  });

  it('never writes a Secret that is there, and names each object once', () => {
    fc.assert(
      fc.property(scene, ({ fn, around }) => {
        const { steps } = planFor(fn, around);
        expect(new Set(steps.map(titleOf)).size).toBe(steps.length);
        for (const step of steps) {
          if (step.verb === 'apply' && step.kind === 'Secret') {
            expect(step.observed).toBeUndefined();
          }
        }
      }),
      { numRuns },
    );
  });

  it('is the same for the same cluster, in whatever order its objects are given', () => {
    fc.assert(
      fc.property(scene, ({ fn, around }) => {
        const reversed = { ...around, objects: around.objects.toReversed() };
        const sorted = (one: string[]) => one.toSorted();
        expect(planFor(fn, around)).toEqual(planFor(fn, around));
        expect(sorted(changesOf(planFor(fn, reversed)))).toEqual(
          sorted(changesOf(planFor(fn, around))),
        );
      }),
      { numRuns },
    );
  });

  it('says something only in notices that fit an Event, each once', () => {
    fc.assert(
      fc.property(scene, ({ fn, around }) => {
        const { notices } = planFor(fn, around);
        for (const { reason, type, note } of notices) {
          expect(reason).toMatch(/^[A-Z][A-Za-z]+$/);
          expect(['Normal', 'Warning']).toContain(type);
          expect(note).not.toBe('');
        }
        const said = notices.map(({ reason, note, sameAs }) => `${reason} ${sameAs ?? note}`);
        expect(new Set(said).size).toBe(said.length);
      }),
      { numRuns },
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FunctionModel } from '../../../src/api/function.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { anyFunction, anyPod, podWithoutDaprPorts } from '../../support/arbitraries.ts';
import { daprServiceMode, enableDapr, modelOf, modes } from '../../support/functions.ts';
import { injectDaprd } from '../../support/inject-daprd.ts';
import { listAt, objectAt, sameJson, wireCopy } from '../../support/json.ts';
import { admit } from '../../support/pods.ts';

const numRuns = 200;

/** Any Function, as the rules read it, in any mode. */
const anyModel = fc.tuple(anyFunction, fc.constantFrom(...modes)).map(([object, mode]) => {
  const copy = wireCopy(object);
  const serving = objectAt(copy, 'spec', 'serving');
  serving['annotations'] = {
    ...objectAt(serving, 'annotations'),
    [enableDapr]: mode === 'disabled' ? 'false' : 'true',
    [daprServiceMode]: mode === 'sidecar' ? 'sidecar' : 'standalone',
  };
  return { fn: modelOf(copy), mode };
});

const injection = fc.record({
  native: fc.boolean(),
  unixDomainSocket: fc.boolean(),
  pluggableComponents: fc.boolean(),
});

/** Any Pod, as it was or as Dapr's injector left it. */
const anyArrival = fc
  .tuple(anyPod, fc.option(injection, { nil: undefined }))
  .map(([pod, how]) => (how === undefined ? pod : injectDaprd(pod, how)));

/** Members of an object without some. */
function except(object: JsonObject, ...keys: string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}

function annotationsOf(pod: JsonObject, isWanted: (key: string) => boolean): JsonObject {
  const entries = Object.entries(objectAt(pod, 'metadata', 'annotations'));
  return Object.fromEntries(entries.filter(([key]) => isWanted(key)));
}

/** Whether everything in `part` stands in `whole` just so. */
function holds(whole: JsonObject, part: JsonObject): boolean {
  return Object.entries(part).every(
    ([key, value]) => Object.hasOwn(whole, key) && sameJson(whole[key], value),
  );
}

describe('whatever Pod and Function hold', () => {
  it('admitting the admitted Pod gives no patch and no other warnings', () => {
    fc.assert(
      fc.property(anyArrival, anyModel, fc.boolean(), (pod, { fn, mode }, apiTokens) => {
        const first = admit(pod, fn, { settings: { apiTokens } });
        expect(first.mode).toBe(mode);
        const second = admit(first.pod, fn, { settings: { apiTokens } });
        expect(second.patch).toEqual([]);
        expect(second.warnings).toEqual(first.warnings);
      }),
      { numRuns },
    );
  });

  it("nothing of the user's is changed, moved or lost", () => {
    fc.assert(
      fc.property(anyPod, anyModel, (pod, { fn, mode }) => {
        const { pod: admitted } = admit(pod, fn);
        expect(
          sameJson(except(admitted, 'metadata', 'spec'), except(pod, 'metadata', 'spec')),
        ).toBe(true);
        expectMetadataKept(admitted, pod, mode);
        expectSpecKept(admitted, pod);
      }),
      { numRuns },
    );
  });

  it('no variable is there twice, and the function has what every mode gives it', () => {
    fc.assert(
      fc.property(anyArrival, anyModel, (pod, { fn }) => {
        const { pod: admitted } = admit(pod, fn);
        const withContext = listAt(admitted, 'spec', 'containers').filter((container) => {
          const names = listAt(container, 'env').map(({ name }) => name);
          expect(new Set(names).size).toBe(names.length);
          return ['FUNC_CONTEXT', 'FUNC_CONTEXT_V1BETA2', 'APP_PROTOCOL', 'POD_NAME'].every(
            (name) => names.includes(name),
          );
        });
        expect(withContext.length).toBeGreaterThan(0);
      }),
      { numRuns },
    );
  });

  it('outside sidecar mode no daprd comes in, and none stays', () => {
    const withoutSidecar = anyModel.filter(({ mode }) => mode !== 'sidecar');
    fc.assert(
      fc.property(anyArrival, withoutSidecar, (pod, { fn }) => {
        const { pod: admitted } = admit(pod, fn);
        expect(annotationsOf(admitted, (key) => key.startsWith('dapr.io/'))).toEqual({
          'dapr.io/enabled': 'false',
        });
        for (const field of ['containers', 'initContainers']) {
          const names = listAt(admitted, 'spec', field).map(({ name }) => name);
          expect(names).not.toContain('daprd');
        }
      }),
      { numRuns },
    );
  });

  it('taking an injected daprd out gives what the Pod would have become without it', () => {
    const withoutSidecar = anyModel.filter(({ mode }) => mode !== 'sidecar');
    fc.assert(
      fc.property(podWithoutDaprPorts, withoutSidecar, injection, (pod, { fn }, how) => {
        const stripped = comparable(admit(injectDaprd(pod, how), fn).pod);
        const direct = comparable(admit(pod, fn).pod);
        expect(sameJson(stripped, direct)).toBe(true);
      }),
      { numRuns },
    );
  });

  it('in sidecar mode an injected daprd goes when, and only when, the next one knows more', () => {
    const inSidecar = anyModel.filter(({ mode }) => mode === 'sidecar');
    fc.assert(
      fc.property(anyPod, inSidecar, injection, (pod, { fn }, how) => {
        const injected = injectDaprd(pod, how);
        const { pod: admitted } = admit(injected, fn);
        const isThere = ['containers', 'initContainers']
          .flatMap((field) => listAt(admitted, 'spec', field))
          .some(({ name }) => name === 'daprd');
        const dapr = (one: JsonObject) => annotationsOf(one, (key) => key.startsWith('dapr.io/'));
        const follows = sameJson(dapr(admitted), dapr(injected));
        const isWanted = dapr(injected)['dapr.io/enabled'] === 'true';
        expect(isThere).toBe(follows || !isWanted);
        const again = isThere ? admitted : injectDaprd(admitted, how);
        expect(admit(again, fn).patch).toEqual([]);
      }),
      { numRuns },
    );
  });

  it('FUNC_CONTEXT is JSON, and says the same each time', () => {
    fc.assert(
      fc.property(anyPod, anyModel, (pod, { fn }) => {
        const contexts = (of: FunctionModel): unknown[] =>
          listAt(admit(pod, of).pod, 'spec', 'containers')
            .flatMap((container) => listAt(container, 'env'))
            .filter(({ name }) => String(name).startsWith('FUNC_CONTEXT'))
            .map(({ value }) => value);
        const written = listAt(pod, 'spec', 'containers')
          .flatMap((container) => listAt(container, 'env'))
          .map(({ value }) => value);
        for (const context of contexts(fn)) {
          if (typeof context !== 'string' || written.includes(context)) continue;
          expect(JSON.parse(context)).toMatchObject({ name: fn.name });
        }
        expect(contexts(fn)).toEqual(contexts(fn));
      }),
      { numRuns: 100 },
    );
  });
});

/** Labels are all kept; of the annotations, those of Dapr give way outside sidecar mode. */
function expectMetadataKept(admitted: JsonObject, pod: JsonObject, mode: string): void {
  const before = objectAt(pod, 'metadata');
  const after = objectAt(admitted, 'metadata');
  const own = ['labels', 'annotations'];
  expect(sameJson(except(after, ...own), except(before, ...own))).toBe(true);
  const labels = except(
    objectAt(before, 'labels'),
    'openfunction.io/function',
    'baas.openfunction.io/mode',
  );
  expect(holds(objectAt(after, 'labels'), labels)).toBe(true);
  const isKept = (key: string): boolean => mode === 'sidecar' || !key.startsWith('dapr.io/');
  expect(holds(objectAt(after, 'annotations'), annotationsOf(pod, isKept))).toBe(true);
}

/** Everything in the spec is as it was; environment is appended to one container at most. */
function expectSpecKept(admitted: JsonObject, pod: JsonObject): void {
  const before = objectAt(pod, 'spec');
  const after = objectAt(admitted, 'spec');
  expect(sameJson(except(after, 'containers'), except(before, 'containers'))).toBe(true);
  const containersAfter = listAt(after, 'containers');
  const containersBefore = listAt(before, 'containers');
  expect(containersAfter).toHaveLength(containersBefore.length);
  let changed = 0;
  for (const [index, container] of containersBefore.entries()) {
    const now = containersAfter[index] ?? {};
    expect(sameJson(except(now, 'env'), except(container, 'env'))).toBe(true);
    const env = listAt(container, 'env');
    const envNow = listAt(now, 'env');
    expect(sameJson(envNow.slice(0, env.length), env)).toBe(true);
    if (envNow.length > env.length) changed += 1;
  }
  expect(changed).toBeLessThanOrEqual(1);
}

/** A Pod for comparison: environment by name, and without lists that are empty. */
function comparable(admitted: JsonObject): JsonObject {
  const copy = wireCopy(admitted);
  const spec = objectAt(copy, 'spec');
  for (const container of listAt(spec, 'containers')) {
    const env = listAt(container, 'env');
    container['env'] = Object.fromEntries(env.map((one) => [String(one['name']), one]));
  }
  for (const owner of [spec, ...listAt(spec, 'containers'), ...listAt(spec, 'initContainers')]) {
    for (const list of ['volumes', 'initContainers', 'volumeMounts']) {
      if (listAt(owner, list).length === 0) delete owner[list];
    }
  }
  return copy;
}

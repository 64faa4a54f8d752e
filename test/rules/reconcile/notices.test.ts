import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FunctionModel } from '../../../src/api/function.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { effectiveMode } from '../../../src/rules/effective-mode.ts';
import type { Notice } from '../../../src/rules/reconcile/notice.ts';
import {
  changedByOthers,
  functionNotices,
  modeChanged,
  nameTaken,
  openFunctionProxyFound,
  podEvicted,
  proxyCreated,
  proxyRemoved,
  reconcileFailed,
  repairPaused,
  waitingForPods,
} from '../../../src/rules/reconcile/notices.ts';
import type { ObservedPod } from '../../../src/rules/reconcile/observed-pod.ts';
import { missedPods } from '../../../src/rules/reconcile/observed-pod.ts';
import { anyFunction } from '../../support/arbitraries.ts';
import { component, lookupOf } from '../../support/components.ts';
import { desiredFacts, proxySettings } from '../../support/desired.ts';
import {
  asyncServing,
  daprServiceMode,
  enableDapr,
  functionInMode,
  functionOf,
  modelOf,
  modes,
  versions,
  withOutput,
} from '../../support/functions.ts';
import { observedPod, ownerOf } from '../../support/observed.ts';

interface Circumstances {
  readonly pods?: readonly ObservedPod[];
  readonly componentsAreServed?: boolean;
  readonly components?: Parameters<typeof lookupOf>;
  readonly servings?: readonly string[];
}

function noticesFor(fn: FunctionModel, around: Circumstances = {}): Notice[] {
  const { pods = [], componentsAreServed = true, components = [], servings = [] } = around;
  const facts = { ...desiredFacts, servings, components: lookupOf(...components) };
  const { mode } = effectiveMode(fn.serving);
  return functionNotices(fn, mode, { pods, componentsAreServed }, facts, proxySettings);
}

/** A Function with these annotations, and an output to have Dapr for. */
function annotated(annotations: JsonObject, serving = asyncServing('v1beta1')): FunctionModel {
  return modelOf(functionOf('v1beta1', { annotations, serving }));
}

function missed(count: number): ObservedPod[] {
  return Array.from({ length: count }, (_, index) =>
    observedPod(`pod-${String.fromCharCode(97 + index)}`, { mode: undefined }),
  );
}

describe('a Function that is in order', () => {
  it('has nothing said of it', () => {
    for (const version of versions) {
      for (const mode of modes) {
        const fn = functionInMode(mode, { version, serving: asyncServing(version) });
        expect(noticesFor(fn, { pods: [observedPod('a')] })).toEqual([]);
      }
    }
  });
});

describe('an annotation with a value that is not supported', () => {
  it('is told with what it counts as and what is supported', () => {
    const [notice, ...others] = noticesFor(annotated({ [enableDapr]: 'yes' }));
    expect(others).toEqual([]);
    expect(notice).toMatchObject({ reason: 'InvalidAnnotation', type: 'Warning' });
    expect(notice?.note).toBe(
      'spec.serving.annotations[openfunction.io/enable-dapr] has a value that is not supported; it counts as unset. Supported are "true" and "false".',
    );
    const [mode] = noticesFor(annotated({ [daprServiceMode]: 'proxy' }));
    expect(mode?.note).toBe(
      'spec.serving.annotations[openfunction.io/dapr-service-mode] has a value that is not supported; it counts as "standalone". Supported are "standalone" and "sidecar".',
    );
  });

  it('is told once for each annotation', () => {
    const both = annotated({ [enableDapr]: 'yes', [daprServiceMode]: 'proxy' });
    expect(noticesFor(both).map(({ reason }) => reason)).toEqual([
      'InvalidAnnotation',
      'InvalidAnnotation',
    ]);
  });

  it('counts as nothing where it is the mode of a Function without Dapr', () => {
    const [notice] = noticesFor(annotated({ [enableDapr]: 'false', [daprServiceMode]: 'proxy' }));
    expect(notice?.note).toContain('it is ignored without Dapr');
    expect(notice?.note).not.toContain('it counts as');
  });

  it('is told of the settings of a proxy as well', () => {
    const [notice] = noticesFor(annotated({ 'baas.openfunction.io/proxy-replicas': 'many' }));
    expect(notice).toMatchObject({ reason: 'InvalidAnnotation', type: 'Warning' });
    expect(notice?.note).toMatch(
      /^spec\.serving\.annotations\[baas\.openfunction\.io\/proxy-replicas\]: .*the setting of the cluster holds instead\.$/,
    );
  });
});

describe('a component that a Function names', () => {
  it('and that nobody has is told, with the place it is named in', () => {
    for (const [version, path] of [
      ['v1beta1', 'spec.serving.outputs[0].component'],
      ['v1beta2', 'spec.serving.outputs[0].dapr.name'],
    ] as const) {
      for (const mode of ['standalone', 'sidecar'] as const) {
        const fn = functionInMode(mode, { version, serving: withOutput(version) });
        const [notice, ...others] = noticesFor(fn);
        expect(others).toEqual([]);
        expect(notice).toMatchObject({ reason: 'ComponentMissing', type: 'Warning' });
        expect(notice?.note).toContain(`${path}: there is no Dapr Component "kafka"`);
        expect(notice?.note).toContain('in namespace "shop"');
      }
    }
  });

  it('is told once, however often it is named', () => {
    const outputs = ['a', 'b'].map((name) => ({ name, component: 'kafka' }));
    expect(noticesFor(functionInMode('standalone', { serving: { outputs } }))).toHaveLength(1);
  });

  it('is not missing where the Function declares it', () => {
    const serving = { ...withOutput('v1beta1'), bindings: { kafka: { type: 'bindings.kafka' } } };
    expect(noticesFor(functionInMode('standalone', { serving }))).toEqual([]);
  });

  it('is not missing where it existed before', () => {
    const fn = functionInMode('standalone', { serving: withOutput('v1beta1') });
    const around = { components: [component('kafka', 'bindings.kafka')] };
    expect(noticesFor(fn, around)).toEqual([]);
  });

  it("is not missing where OpenFunction made it for one of the Function's Servings", () => {
    const fn = functionInMode('standalone', { serving: withOutput('v1beta1') });
    const made = component('orders-x1-component-kafka-abcde', 'bindings.kafka', {
      serving: 'orders-x1',
    });
    expect(noticesFor(fn, { components: [made], servings: ['orders-x1'] })).toEqual([]);
    expect(noticesFor(fn, { components: [made], servings: ['orders-x2'] })).toHaveLength(1);
  });

  it('is missing where somebody has one that is only called alike', () => {
    const fn = functionInMode('standalone', { serving: withOutput('v1beta1') });
    const around = { components: [component('orders-kafka', 'bindings.kafka')] };
    expect(noticesFor(fn, around)).toHaveLength(1);
  });

  it('is of no concern without Dapr', () => {
    expect(noticesFor(functionInMode('disabled', { serving: withOutput('v1beta1') }))).toEqual([]);
  });

  it('with no name at all is told as just that', () => {
    const serving = { outputs: [{ name: 'sink', operation: 'create' }] };
    const [notice] = noticesFor(functionInMode('standalone', { serving }));
    expect(notice?.note).toBe(
      'spec.serving.outputs[0].component: no Dapr Component is named here. Name one.',
    );
  });
});

describe('a cluster without Dapr Components', () => {
  const around = { componentsAreServed: false };

  it('is told to whoever names or declares one, once', () => {
    for (const serving of [
      withOutput('v1beta1'),
      asyncServing('v1beta1'),
      { bindings: { kafka: { type: 'bindings.kafka' } } },
    ]) {
      const fn = functionInMode('standalone', { serving });
      expect(noticesFor(fn, around)).toMatchObject([
        { reason: 'ComponentsNotServed', type: 'Warning' },
      ]);
    }
  });

  it('is nothing to whoever uses none', () => {
    expect(noticesFor(functionInMode('standalone', { serving: {} }), around)).toEqual([]);
    const disabled = functionInMode('disabled', { serving: asyncServing('v1beta1') });
    expect(noticesFor(disabled, around)).toEqual([]);
  });
});

describe('pods that were not admitted', () => {
  const fn = functionInMode('standalone', { serving: {} });

  it('are counted, and named with what to do', () => {
    const [notice] = noticesFor(fn, { pods: [...missed(2).reverse(), observedPod('admitted')] });
    expect(notice).toMatchObject({ reason: 'PodsNotAdmitted', type: 'Warning' });
    expect(notice?.note).toBe(
      '2 pods were created while the webhook was away, and may lack the settings for Dapr: pod-a, pod-b. Delete them, so that they are made anew.',
    );
  });

  it('are spoken of as one where it is one', () => {
    const [notice] = noticesFor(fn, { pods: missed(1) });
    expect(notice?.note).toBe(
      '1 pod was created while the webhook was away, and may lack the settings for Dapr: pod-a. Delete it, so that it is made anew.',
    );
  });

  it('are not all named where they are many', () => {
    const [notice] = noticesFor(fn, { pods: missed(12) });
    expect(notice?.note).toContain('12 pods were');
    expect(notice?.note).toContain(': pod-a, pod-b, pod-c, pod-d, pod-e, 7 more.');
  });

  it('are the same news whichever they are', () => {
    const sameness = [1, 2, 12].map((count) => noticesFor(fn, { pods: missed(count) })[0]?.sameAs);
    expect(new Set(sameness).size).toBe(1);
    expect(sameness[0]).toBeDefined();
  });

  it('are nobody’s concern once they are on their way out', () => {
    const leaving = missed(2).map((pod) => ({ ...pod, isDeleting: true }));
    expect(noticesFor(fn, { pods: leaving })).toEqual([]);
    expect(missedPods([...leaving, ...missed(1), observedPod('admitted')])).toEqual(missed(1));
  });

  it('are told of in every mode', () => {
    for (const mode of modes) {
      const one = functionInMode(mode, { serving: {} });
      expect(noticesFor(one, { pods: missed(1) })).toHaveLength(1);
    }
  });
});

describe('a name that is taken', () => {
  it('is told with whose it is, where that is known', () => {
    const owner = { ...ownerOf(functionInMode('standalone')), name: 'stock' };
    const { note, type } = nameTaken('Service', 'orders-events', { owner });
    expect(type).toBe('Warning');
    expect(note).toContain('Service "orders-events" is wanted for the Function');
    expect(note).toContain('(it belongs to Function "stock")');
    expect(nameTaken('Secret', 'a', { owner: undefined }).note).not.toContain('belongs');
  });

  it("does not call another Function's object one that is not managed here", () => {
    const owner = { ...ownerOf(functionInMode('standalone')), name: 'stock' };
    expect(nameTaken('Service', 'a', { owner }).note).not.toContain('not managed');
  });
});

describe('waiting for pods', () => {
  it('is told with why, and with the pods', () => {
    const note = (mode: (typeof modes)[number]) => waitingForPods(mode, [observedPod('a')]).note;
    expect(note('disabled')).toBe(
      'The Function is without Dapr, and the proxy that was made here is removed when the pods that still use it are gone: a.',
    );
    expect(note('sidecar')).toContain('The Function is in sidecar mode, and');
    expect(note('standalone')).toContain('OpenFunction keeps a Dapr proxy for the Function now');
  });

  it('is the same news while pods go, and other news in another mode', () => {
    const sameness = (mode: (typeof modes)[number], ...names: string[]) =>
      waitingForPods(
        mode,
        names.map((name) => observedPod(name)),
      ).sameAs;
    expect(sameness('disabled', 'a', 'b')).toBe(sameness('disabled', 'b'));
    expect(sameness('disabled', 'a')).not.toBe(sameness('sidecar', 'a'));
  });
});

describe('a change of mode', () => {
  it('is told in words, not in values', () => {
    expect(modeChanged('standalone', 'disabled').note).toContain(
      'The Function was in standalone mode and is without Dapr now.',
    );
    expect(modeChanged('disabled', 'sidecar').note).toContain(
      'The Function was without Dapr and is in sidecar mode now.',
    );
  });
});

describe('every notice', () => {
  const all: Notice[] = [
    ...noticesFor(annotated({ [enableDapr]: 'x', 'baas.openfunction.io/proxy-image': ' ' })),
    ...noticesFor(functionInMode('standalone'), { pods: missed(3) }),
    ...noticesFor(functionInMode('standalone'), { componentsAreServed: false }),
    nameTaken('Deployment', 'a', { owner: undefined }),
    openFunctionProxyFound('a'),
    ...modes.flatMap((mode) => [waitingForPods(mode, missed(1)), modeChanged('disabled', mode)]),
    ...[proxyCreated('a'), proxyRemoved('a'), podEvicted('a'), repairPaused('a')],
    changedByOthers('Service', 'a'),
    reconcileFailed('Cannot patch services "a" in namespace "shop": 500.'),
  ];

  it('is of sentences, on one line, that fit an Event', () => {
    expect(all.length).toBeGreaterThan(15);
    for (const { note } of all) {
      expect(note).toMatch(/^\S.*\.$/);
      expect(note.length).toBeLessThan(600);
    }
  });

  it('is a warning where somebody has to do something', () => {
    const warnings = all.filter(({ type }) => type === 'Warning').map(({ reason }) => reason);
    expect([...new Set(warnings)].sort()).toEqual([
      ...['ChangedByOthers', 'ComponentMissing', 'ComponentsNotServed', 'InvalidAnnotation'],
      ...['NameTaken', 'PodsNotAdmitted', 'ReconcileFailed', 'RepairPaused'],
    ]);
  });
});

it('nothing that a Function holds throws', () => {
  fc.assert(
    fc.property(anyFunction, fc.boolean(), (object, componentsAreServed) => {
      for (const { note } of noticesFor(modelOf(object), { componentsAreServed })) {
        expect(note).not.toBe('');
      }
    }),
    { numRuns: 200 },
  );
});

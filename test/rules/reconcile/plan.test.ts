import { describe, expect, it } from 'vitest';
import type { FunctionModel } from '../../../src/api/function.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import type { EffectiveMode } from '../../../src/rules/effective-mode.ts';
import type { ObservedObject } from '../../../src/rules/reconcile/observed-object.ts';
import { component, lookupOf } from '../../support/components.ts';
import { asyncServing, functionInMode, modes, versions } from '../../support/functions.ts';
import { pick } from '../../support/json.ts';
import { observedPod, ownerOf } from '../../support/observed.ts';
import {
  type Circumstances,
  carriedOut,
  changesOf,
  converged,
  planFor,
  reasonsOf,
  stepOn,
  stepsOf,
  titleOf,
} from './idealised-cluster.ts';

const tokensOn = { 'baas.openfunction.io/api-token': 'true' };

/** An async Function in a mode, as an API server has it. */
function ordersIn(mode: EffectiveMode, annotations: JsonObject = {}): FunctionModel {
  return functionInMode(mode, {
    annotations,
    serving: asyncServing('v1beta1'),
    metadata: { uid: 'u-1' },
  });
}

/** The same Function while it is called over HTTP. */
function syncOrders(annotations: JsonObject = {}): FunctionModel {
  return functionInMode('standalone', { annotations, metadata: { uid: 'u-1' } });
}

const proxyParts = [
  'Component/orders-kafka',
  'Secret/orders-dapr-proxy',
  'Service/orders-dapr-proxy',
  'Service/orders-events',
  'NetworkPolicy/orders-dapr-proxy',
  'Deployment/orders-dapr-proxy',
];

/** What is there while a Function is in one mode, and the plan for it in another. */
function planAfter(from: FunctionModel, to: FunctionModel, around: Circumstances = {}) {
  return planFor(to, { ...around, objects: converged(from, around) });
}

function theObject(objects: readonly ObservedObject[], title: string): ObservedObject {
  const found = objects.find((one) => titleOf(one) === title);
  if (found === undefined) throw new Error(`no ${title}`);
  return found;
}

/** The objects with one of them changed. */
function withChanged(
  objects: readonly ObservedObject[],
  title: string,
  members: Partial<ObservedObject>,
): ObservedObject[] {
  theObject(objects, title);
  return objects.map((one) => (titleOf(one) === title ? { ...one, ...members } : one));
}

describe('where nothing is there yet', () => {
  it('all of a standalone Function is made, and its proxy after what that needs to start', () => {
    const plan = planFor(ordersIn('standalone', tokensOn));
    expect(stepsOf(plan)).toEqual(proxyParts.map((title) => `apply ${title}`));
    expect(plan.mode).toBe('standalone');
    expect(plan.notices).toEqual([]);
  });

  it('a Function in sidecar mode gets its Components and its Service', () => {
    const plan = planFor(ordersIn('sidecar'));
    expect(stepsOf(plan)).toEqual([
      'apply Component/orders-kafka',
      'apply Service/orders-shop-dapr',
    ]);
    expect(plan.notices).toEqual([]);
  });

  it("the Service of sidecar mode is left to Dapr's operator where that makes it", () => {
    const plan = planFor(ordersIn('sidecar'), { facts: { hasAnnotatedWorkload: true } });
    expect(stepsOf(plan)).toEqual(['apply Component/orders-kafka']);
  });

  it('a Function without Dapr gets nothing', () => {
    expect(planFor(ordersIn('disabled'))).toEqual({ mode: 'disabled', steps: [], notices: [] });
  });

  it('what is to be made is owned by this very Function', () => {
    for (const version of versions) {
      for (const mode of modes) {
        const fn = functionInMode(mode, {
          version,
          serving: asyncServing(version),
          metadata: { uid: 'u-1' },
        });
        for (const step of planFor(fn).steps) {
          if (step.verb !== 'apply') throw new Error('there is nothing but to make objects');
          expect(step.observed).toBeUndefined();
          expect(pick(step.object, 'metadata', 'name')).toBe(step.name);
          expect(step.object['kind']).toBe(step.kind);
          expect(pick(step.object, 'metadata', 'ownerReferences', 0)).toMatchObject(ownerOf(fn));
        }
      }
    }
  });
});

describe('where all is as it should be', () => {
  it('there is nothing to do, in any mode', () => {
    for (const mode of modes) {
      const fn = ordersIn(mode, tokensOn);
      const plan = planFor(fn, { objects: converged(fn) });
      expect(changesOf(plan)).toEqual([]);
      expect(plan.notices).toEqual([]);
    }
  });

  it('another token for a Secret is no difference', () => {
    const fn = ordersIn('standalone', tokensOn);
    const objects = converged(fn);
    const facts = { newTokenBase64: 'YW5vdGhlci10b2tlbg==' };
    expect(changesOf(planFor(fn, { objects, facts }))).toEqual([]);
  });
});

describe('an object that differs', () => {
  it('is written, and no other', () => {
    const fn = ordersIn('standalone', tokensOn);
    for (const title of proxyParts.filter((one) => !one.startsWith('Secret/'))) {
      const objects = withChanged(converged(fn), title, { fingerprint: 'changed by somebody' });
      expect(changesOf(planFor(fn, { objects }))).toEqual([`apply ${title}`]);
    }
  });

  it('is written also where this project owns nothing of it any more', () => {
    const fn = ordersIn('standalone');
    const title = 'Deployment/orders-dapr-proxy';
    const objects = withChanged(converged(fn), title, { fingerprint: undefined });
    expect(changesOf(planFor(fn, { objects }))).toEqual([`apply ${title}`]);
  });

  it('names the one that is there, so that just that one is changed', () => {
    const fn = ordersIn('standalone');
    const title = 'Service/orders-events';
    const objects = withChanged(converged(fn), title, { fingerprint: 'x', uid: 'just-this' });
    expect(stepOn(planFor(fn, { objects }), title)).toMatchObject({
      observed: { uid: 'just-this' },
    });
  });

  it('is never written where it is a token Secret: whoever holds the token keeps it', () => {
    const fn = ordersIn('standalone', tokensOn);
    const objects = withChanged(converged(fn), 'Secret/orders-dapr-proxy', { fingerprint: 'x' });
    expect(changesOf(planFor(fn, { objects }))).toEqual([]);
  });

  it('stays where the API server made it of just what is wanted', () => {
    const fn = ordersIn('standalone');
    const title = 'Deployment/orders-dapr-proxy';
    const objects = converged(fn);
    const wanted = theObject(objects, title).fingerprint;
    const around = withChanged(objects, title, { fingerprint: 'with defaults of a webhook' });
    const isAccepted = (observed: ObservedObject, now: string) =>
      observed.fingerprint === 'with defaults of a webhook' && now === wanted;
    expect(changesOf(planFor(fn, { objects: around, isAccepted }))).toEqual([]);
    const changed = withChanged(objects, title, { fingerprint: 'and changed after that' });
    expect(changesOf(planFor(fn, { objects: changed, isAccepted }))).toEqual([`apply ${title}`]);
    const settings = { image: 'example.com/proxy:v2' };
    const plan = planFor(fn, { objects: around, settings, isAccepted });
    expect(changesOf(plan)).toEqual([`apply ${title}`]);
  });

  it('because it is missing is made, and no other', () => {
    const fn = ordersIn('standalone', tokensOn);
    for (const title of proxyParts) {
      const objects = converged(fn).filter((one) => titleOf(one) !== title);
      const plan = planFor(fn, { objects });
      expect(changesOf(plan)).toEqual([`apply ${title}`]);
      expect(stepOn(plan, title)).toMatchObject({ observed: undefined });
    }
  });
});

describe('an object of a wanted name that is not ours', () => {
  const fn = ordersIn('standalone', tokensOn);
  const strangers: [string, Partial<ObservedObject>][] = [
    ['nobody', { owner: undefined, isApplied: false }],
    ['another Function', { owner: { ...ownerOf(fn), name: 'stock', uid: 'u-2' } }],
    [
      'something else of the same name and uid',
      { owner: { apiVersion: 'apps/v1', kind: 'Function', name: 'orders', uid: 'u-1' } },
    ],
    [
      'a kind that is called alike',
      { owner: { apiVersion: 'core.openfunction.io/v1', kind: 'Serving', name: 'x', uid: 'u-1' } },
    ],
    [
      'a group that begins alike',
      {
        owner: {
          apiVersion: 'core.openfunction.io.example.com/v1',
          kind: 'Function',
          name: 'orders',
          uid: 'u-1',
        },
      },
    ],
  ];

  it.each(strangers)(
    'but owned by %s is left alone and said, and the rest is made',
    (_, stranger) => {
      for (const title of proxyParts) {
        const theirs = { ...theObject(converged(fn), title), fingerprint: 'x', ...stranger };
        const plan = planFor(fn, { objects: [theirs] });
        const rest = proxyParts.filter((one) => one !== title);
        expect(stepsOf(plan)).toEqual(rest.map((one) => `apply ${one}`));
        expect(reasonsOf(plan)).toEqual(['NameTaken']);
        const [kind = '', name = ''] = title.split('/');
        expect(plan.notices[0]?.note).toContain(`${kind} "${name}"`);
      }
    },
  );

  it('is left alone as well once it is no longer wanted', () => {
    const objects = converged(fn).map((one) => ({ ...one, owner: undefined, isApplied: false }));
    expect(planFor(ordersIn('disabled'), { objects })).toMatchObject({ steps: [], notices: [] });
  });
});

describe('an object of ours whose owner somebody took away', () => {
  const fn = ordersIn('standalone');
  const orphans = converged(fn).map((one) => ({ ...one, owner: undefined, fingerprint: 'less' }));

  it('is put back', () => {
    const plan = planFor(fn, { objects: orphans });
    expect(stepsOf(plan)).toEqual(orphans.map(({ kind, name }) => `apply ${kind}/${name}`));
    expect(plan.notices).toEqual([]);
  });

  it('is removed where it is not wanted any more', () => {
    const plan = planFor(ordersIn('disabled'), { objects: orphans });
    expect(stepsOf(plan).sort()).toEqual(
      orphans.map(({ kind, name }) => `delete ${kind}/${name}`).sort(),
    );
  });
});

describe('what an earlier Function of the name left', () => {
  const fn = ordersIn('standalone', tokensOn);
  const earlier = { ...ownerOf(fn), uid: 'u-0' };

  it('is waited for: garbage collection takes it away', () => {
    const objects = converged(fn).map((one) => ({ ...one, owner: earlier }));
    const plan = planFor(fn, { objects });
    expect(stepsOf(plan)).toEqual(proxyParts.map((title) => `keep ${title}`));
    expect(plan.notices).toEqual([]);
  });

  it('is left to it where it is not wanted any more', () => {
    const objects = converged(fn).map((one) => ({ ...one, owner: earlier }));
    expect(planFor(ordersIn('disabled'), { objects }).steps).toEqual([]);
  });

  it('is waited for in whichever version that Function was written', () => {
    const owner = { ...earlier, apiVersion: 'core.openfunction.io/v1beta2' };
    const objects = withChanged(converged(fn), 'Service/orders-events', { owner });
    expect(changesOf(planFor(fn, { objects }))).toEqual([]);
  });
});

describe('an object that is being deleted', () => {
  it('is waited for, whosever it is', () => {
    const fn = ordersIn('standalone');
    const title = 'Deployment/orders-dapr-proxy';
    for (const owner of [ownerOf(fn), undefined]) {
      const objects = withChanged(converged(fn), title, { isDeleting: true, owner });
      const plan = planFor(fn, { objects });
      expect(changesOf(plan)).toEqual([]);
      expect(reasonsOf(plan)).toEqual([]);
    }
  });

  it('is not deleted a second time', () => {
    const objects = converged(ordersIn('standalone')).map((one) => ({ ...one, isDeleting: true }));
    expect(planFor(ordersIn('disabled'), { objects }).steps).toEqual([]);
  });
});

describe('a Function that leaves standalone mode', () => {
  const before = ordersIn('standalone', tokensOn);

  it('has its proxy removed when no pod uses it, the Deployment before what that needs', () => {
    expect(stepsOf(planAfter(before, ordersIn('disabled', tokensOn)))).toEqual([
      'delete Deployment/orders-dapr-proxy',
      'delete Service/orders-dapr-proxy',
      'delete Service/orders-events',
      'delete NetworkPolicy/orders-dapr-proxy',
      'delete Component/orders-kafka',
      'delete Secret/orders-dapr-proxy',
    ]);
  });

  it('keeps its Components for sidecar mode', () => {
    expect(stepsOf(planAfter(before, ordersIn('sidecar', tokensOn)))).toEqual([
      'delete Deployment/orders-dapr-proxy',
      'delete Service/orders-dapr-proxy',
      'delete Service/orders-events',
      'delete NetworkPolicy/orders-dapr-proxy',
      'delete Secret/orders-dapr-proxy',
      'keep Component/orders-kafka',
      'apply Service/orders-shop-dapr',
    ]);
  });

  it('keeps all of the proxy for as long as a pod is left that uses it, and says so', () => {
    for (const pod of [observedPod('a'), observedPod('a', { isDeleting: true })]) {
      const plan = planAfter(before, ordersIn('disabled', tokensOn), { pods: [pod] });
      expect(stepsOf(plan).sort()).toEqual(proxyParts.map((title) => `keep ${title}`).sort());
      expect(plan.notices).toMatchObject([{ reason: 'WaitingForPods', type: 'Normal' }]);
      expect(plan.notices[0]?.note).toContain('without Dapr');
      expect(plan.notices[0]?.note).toContain(': a.');
    }
  });

  it('has what sidecar mode wants made meanwhile', () => {
    const plan = planAfter(before, ordersIn('sidecar', tokensOn), { pods: [observedPod('a')] });
    expect(changesOf(plan)).toEqual(['apply Service/orders-shop-dapr']);
    expect(plan.notices[0]?.note).toContain('in sidecar mode');
  });

  it('waits for no pod that never used the proxy', () => {
    const others = ['sidecar', 'disabled', undefined].map((mode) =>
      observedPod(`in-${mode}`, { mode }),
    );
    const plan = planAfter(before, ordersIn('disabled'), { pods: others });
    expect(changesOf(plan)).toHaveLength(proxyParts.length);
    expect(reasonsOf(plan)).not.toContain('WaitingForPods');
  });

  it('names the pods that are waited for, and none else', () => {
    const pods = [observedPod('b'), observedPod('new', { mode: 'disabled' }), observedPod('a')];
    const plan = planAfter(before, ordersIn('disabled'), { pods });
    expect(plan.notices[0]?.note).toContain(': a, b.');
  });

  it('has nothing to wait for where nothing was kept', () => {
    const plan = planFor(ordersIn('disabled'), { pods: [observedPod('a')] });
    expect(plan).toMatchObject({ steps: [], notices: [] });
  });

  it('and comes back before its pods are gone: the proxy was never away', () => {
    const pods = [observedPod('a')];
    const away = ordersIn('disabled', tokensOn);
    const left = carriedOut(away, converged(before), planAfter(before, away, { pods }));
    expect(changesOf(planFor(before, { objects: left, pods }))).toEqual([]);
  });
});

describe('a Function that leaves sidecar mode', () => {
  const before = ordersIn('sidecar');

  it("gives its Service's name back before its proxy comes, for Dapr's operator to take it", () => {
    expect(stepsOf(planAfter(before, ordersIn('standalone')))).toEqual([
      'delete Service/orders-shop-dapr',
      'keep Component/orders-kafka',
      'apply Service/orders-dapr-proxy',
      'apply Service/orders-events',
      'apply NetworkPolicy/orders-dapr-proxy',
      'apply Deployment/orders-dapr-proxy',
    ]);
  });

  it('keeps that Service for no pod: those in standalone mode never use it', () => {
    for (const mode of ['standalone', 'disabled'] as const) {
      const plan = planAfter(before, ordersIn(mode), { pods: [observedPod('a')] });
      expect(changesOf(plan)).toContain('delete Service/orders-shop-dapr');
    }
  });

  it('has nothing left without Dapr', () => {
    expect(stepsOf(planAfter(before, ordersIn('disabled')))).toEqual([
      'delete Service/orders-shop-dapr',
      'delete Component/orders-kafka',
    ]);
  });

  it('keeps only the Service of the app-id that it has now', () => {
    const renamed = ordersIn('sidecar', { 'dapr.io/app-id': 'shop' });
    expect(changesOf(planAfter(before, renamed))).toEqual([
      'delete Service/orders-shop-dapr',
      'apply Component/orders-kafka',
      'apply Service/shop-dapr',
    ]);
  });

  it("makes way for the Service that Dapr's operator makes for a workload", () => {
    const objects = converged(before);
    const plan = planFor(before, { objects, facts: { hasAnnotatedWorkload: true } });
    expect(changesOf(plan)).toEqual(['delete Service/orders-shop-dapr']);
  });
});

describe('a standalone Function that changes', () => {
  it('has its events Service removed at once when it becomes sync, pods or not', () => {
    for (const pods of [[], [observedPod('a')]]) {
      const plan = planAfter(ordersIn('standalone'), syncOrders(), { pods });
      expect(changesOf(plan)).toContain('delete Service/orders-events');
      expect(reasonsOf(plan)).not.toContain('WaitingForPods');
    }
  });

  it('keeps its Secret while pods are left when tokens are turned off, and only then', () => {
    const before = ordersIn('standalone', tokensOn);
    const after = ordersIn('standalone');
    const secret = 'Secret/orders-dapr-proxy';
    const waiting = planAfter(before, after, { pods: [observedPod('a')] });
    expect(stepOn(waiting, secret).verb).toBe('keep');
    expect(reasonsOf(waiting)).toEqual([]);
    expect(stepOn(planAfter(before, after), secret).verb).toBe('delete');
  });

  it('has its NetworkPolicy removed when that is turned off, and made when it is turned on', () => {
    const fn = ordersIn('standalone');
    const off = { settings: { networkPolicy: false } };
    const policy = 'NetworkPolicy/orders-dapr-proxy';
    const pods = [observedPod('a')];
    expect(changesOf(planFor(fn, { ...off, pods, objects: converged(fn) }))).toEqual([
      `delete ${policy}`,
    ]);
    expect(changesOf(planFor(fn, { objects: converged(fn, off) }))).toEqual([`apply ${policy}`]);
  });

  it("has its Components removed once OpenFunction's Serving has some, and its proxy follows", () => {
    const fn = ordersIn('standalone');
    const facts = {
      servings: ['orders-x1'],
      components: lookupOf(
        component('orders-x1-component-kafka-abcde', 'pubsub.kafka', { serving: 'orders-x1' }),
      ),
    };
    expect(changesOf(planFor(fn, { objects: converged(fn), facts }))).toEqual([
      'delete Component/orders-kafka',
      'apply Deployment/orders-dapr-proxy',
    ]);
  });
});

describe("beside OpenFunction's own proxy", () => {
  const fn = ordersIn('standalone', tokensOn);
  const openFunctionProxy = { name: 'orders-x1-proxy', createdAt: '2026-01-02T00:00:00Z' };

  it('there is none of ours, only the Components, and an Event says so', () => {
    const plan = planFor(fn, { openFunctionProxy });
    expect(stepsOf(plan)).toEqual(['apply Component/orders-kafka']);
    expect(plan.notices).toMatchObject([{ reason: 'OpenFunctionProxy', type: 'Normal' }]);
    expect(plan.notices[0]?.note).toContain('"orders-x1-proxy"');
  });

  it('ours makes way when no pod uses it', () => {
    const plan = planFor(fn, { openFunctionProxy, objects: converged(fn) });
    expect(stepsOf(plan)).toEqual([
      'delete Deployment/orders-dapr-proxy',
      'delete Service/orders-dapr-proxy',
      'delete Service/orders-events',
      'delete NetworkPolicy/orders-dapr-proxy',
      'delete Secret/orders-dapr-proxy',
      'keep Component/orders-kafka',
    ]);
  });

  it('ours makes way for pods that came with it or later: they use that one', () => {
    const pods = ['2026-01-02T00:00:00Z', '2026-01-02T00:00:01Z', '2026-11-01T00:00:00Z'].map(
      (createdAt, index) => observedPod(`pod-${index}`, { createdAt }),
    );
    const plan = planFor(fn, { openFunctionProxy, objects: converged(fn), pods });
    expect(changesOf(plan)).toContain('delete Deployment/orders-dapr-proxy');
    expect(reasonsOf(plan)).toEqual(['OpenFunctionProxy']);
  });

  it('ours stays for pods that are older than it, or do not say how old they are', () => {
    for (const createdAt of ['2026-01-01T23:59:59Z', '2025-12-31T00:00:00Z', '']) {
      const pods = [observedPod('old', { createdAt }), observedPod('new', { createdAt: '2027' })];
      const plan = planFor(fn, { openFunctionProxy, objects: converged(fn), pods });
      expect(changesOf(plan)).toEqual([]);
      expect(reasonsOf(plan)).toEqual(['OpenFunctionProxy', 'WaitingForPods']);
      expect(plan.notices[1]?.note).toContain(': old.');
    }
  });

  it('an Event on the pods that are waited for says why, since the mode did not change', () => {
    const pods = [observedPod('old')];
    const plan = planFor(fn, { openFunctionProxy, objects: converged(fn), pods });
    const [, waiting] = plan.notices;
    expect(waiting?.note).toMatch(/^OpenFunction keeps a Dapr proxy for the Function now, and/);
  });

  it('ours comes back when that one goes', () => {
    const left = carriedOut(
      fn,
      converged(fn),
      planFor(fn, { openFunctionProxy, objects: converged(fn) }),
    );
    expect(changesOf(planFor(fn, { objects: left }))).toHaveLength(proxyParts.length - 1);
  });

  it('a Function in another mode is as it always is', () => {
    for (const mode of ['sidecar', 'disabled'] as const) {
      const plan = planFor(ordersIn(mode), { openFunctionProxy });
      expect(stepsOf(plan)).toEqual(stepsOf(planFor(ordersIn(mode))));
      expect(plan.notices).toEqual([]);
    }
  });
});

describe('where the cluster has no Dapr Components', () => {
  const around = { componentsAreServed: false };

  it('none are made, the rest is, and an Event says so', () => {
    const plan = planFor(ordersIn('standalone'), around);
    expect(stepsOf(plan).join()).not.toContain('Component/');
    expect(stepsOf(plan)).toContain('apply Deployment/orders-dapr-proxy');
    expect(reasonsOf(plan)).toEqual(['ComponentsNotServed']);
  });

  it('what is remembered of them from before is not deleted', () => {
    const objects = converged(ordersIn('standalone'));
    const plan = planFor(ordersIn('disabled'), { ...around, objects });
    expect(stepsOf(plan).join()).not.toContain('Component/');
  });

  it('they are made once it has', () => {
    const fn = ordersIn('standalone');
    expect(changesOf(planFor(fn, { objects: converged(fn, around) }))).toEqual([
      'apply Component/orders-kafka',
    ]);
  });
});

describe('a Function that is being deleted', () => {
  it('has nothing made, changed, deleted or said', () => {
    for (const mode of modes) {
      const fn = { ...ordersIn(mode), isDeleting: true };
      const pods = [observedPod('a', { mode: undefined })];
      for (const objects of [[], converged(ordersIn('standalone'))]) {
        expect(planFor(fn, { objects, pods })).toEqual({ mode, steps: [], notices: [] });
      }
    }
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/api/json.ts';
import { BaasAnnotation } from '../../../src/api/keys.ts';
import {
  overrideAnnotations,
  type ProxySettings,
  proxyOverrideProblems,
  proxySettingsFor,
} from '../../../src/rules/proxy/proxy-settings.ts';
import { anyFunction } from '../../support/arbitraries.ts';
import { desired, proxySettings, theOne } from '../../support/desired.ts';
import { functionInMode, modelOf } from '../../support/functions.ts';
import { deepFreeze, listAt, pick } from '../../support/json.ts';

const prefix = 'baas.openfunction.io/';

const cluster: ProxySettings = deepFreeze({
  ...proxySettings,
  nodeSelector: { arch: 'amd64' },
  tolerations: [{ operator: 'Exists' as const }],
  priorityClass: 'low',
  imagePullSecrets: ['mirror'],
  labels: { team: 'platform', tier: 'proxy' },
  annotations: { note: 'cluster', more: 'x' },
});

function overriding(overrides: Record<string, string>) {
  const annotations = Object.fromEntries(
    Object.entries(overrides).map(([name, value]) => [`${prefix}${name}`, value]),
  );
  return functionInMode('standalone', { annotations });
}

/** Valid overrides, and what they make of the settings above. */
const valid: readonly [overrides: Record<string, string>, changed: Partial<ProxySettings>][] = [
  [{ 'proxy-image': 'example.com/p:v2' }, { image: 'example.com/p:v2' }],
  [{ 'proxy-replicas': '0' }, { replicas: 0 }],
  [{ 'proxy-replicas': '100' }, { replicas: 100 }],
  [{ 'proxy-replicas': 'unmanaged' }, { replicas: 'unmanaged' }],
  [{ 'api-token': 'true' }, { apiTokens: true }],
  [{ 'network-policy': 'false' }, { networkPolicy: false }],
  [{ 'proxy-cpu-request': '0.5' }, { resources: { ...cluster.resources, cpuRequest: '500m' } }],
  [{ 'proxy-cpu-request': 'none' }, { resources: { ...cluster.resources, cpuRequest: undefined } }],
  [{ 'proxy-cpu-limit': '2000m' }, { resources: { ...cluster.resources, cpuLimit: '2' } }],
  [
    { 'proxy-memory-request': '1Gi', 'proxy-memory-limit': 'none' },
    { resources: { ...cluster.resources, memoryRequest: '1Gi', memoryLimit: undefined } },
  ],
  [
    { 'proxy-memory-limit': '512Mi' },
    { resources: { ...cluster.resources, memoryLimit: '512Mi' } },
  ],
  [{ 'proxy-node-selector': 'a=b, c=d' }, { nodeSelector: { a: 'b', c: 'd' } }],
  [{ 'proxy-node-selector': '' }, { nodeSelector: {} }],
  [{ 'proxy-tolerations': 'a' }, { tolerations: [{ key: 'a', operator: 'Exists' }] }],
  [{ 'proxy-tolerations': '' }, { tolerations: [] }],
  [{ 'proxy-priority-class': 'high' }, { priorityClass: 'high' }],
  [{ 'proxy-priority-class': '' }, { priorityClass: undefined }],
  [{ 'proxy-image-pull-secrets': 'a,b,a' }, { imagePullSecrets: ['a', 'b'] }],
  [{ 'proxy-image-pull-secrets': '' }, { imagePullSecrets: [] }],
  [
    { 'proxy-labels': 'team=checkout,x=y' },
    { labels: { team: 'checkout', tier: 'proxy', x: 'y' } },
  ],
  [{ 'proxy-annotations': 'note=mine' }, { annotations: { note: 'mine', more: 'x' } }],
];

/** Values that are wrong, by annotation; each message ends in what is allowed. */
const invalid: Readonly<Record<string, readonly string[]>> = {
  'proxy-image': ['', ' ', 'a b'],
  'proxy-replicas': ['', '-1', '101', '1.5', '1e1', 'two', 'Unmanaged', ' 1', '0x1', '999999999'],
  'proxy-cpu-request': ['', '-1', 'half', '1 core', 'None'],
  'proxy-cpu-limit': ['', '-1', '1Kb'],
  'proxy-memory-request': ['', '96MB', '-96Mi', '100m', '0.5'],
  'proxy-memory-limit': ['', '256m', 'all'],
  'proxy-node-selector': ['arch', '=amd64', 'arch=a b', 'a=1,a=2', 'arch=amd64,'.repeat(2)],
  'proxy-tolerations': ['a b', 'a:Never', 'a:NoSchedule:1'],
  'proxy-priority-class': ['High', 'a b', '-'],
  'proxy-image-pull-secrets': ['Mirror', 'a,b c'],
  'proxy-labels': ['team', 'a=b c', 'openfunction.io/function=orders'],
  'proxy-annotations': ['note', ' =x', 'dapr.io/enabled=false'],
  'network-policy': ['', 'yes', 'True'],
  'api-token': ['', 'yes', '1'],
};

describe('a Function that overrides nothing', () => {
  it('has the settings of the cluster', () => {
    for (const fn of [functionInMode('standalone'), functionInMode('disabled')]) {
      expect(proxySettingsFor(fn, cluster)).toEqual({ settings: cluster, problems: [] });
    }
  });
});

describe('an override', () => {
  it.each(valid)('%j decides over the setting of the cluster, and over no other', (by, changed) => {
    expect(proxySettingsFor(overriding(by), cluster)).toEqual({
      settings: { ...cluster, ...changed },
      problems: [],
    });
  });

  it('exists for every annotation that is named after a setting', () => {
    const named = Object.values(BaasAnnotation).filter(
      (annotation) => annotation !== BaasAnnotation.functionContainer,
    );
    expect([...overrideAnnotations].sort()).toEqual([...named].sort());
    expect(
      Object.keys(invalid)
        .map((name) => `${prefix}${name}`)
        .sort(),
    ).toEqual(named.sort());
    const overridden = new Set(valid.flatMap(([by]) => Object.keys(by)));
    expect([...overridden].map((name) => `${prefix}${name}`).sort()).toEqual(named.sort());
  });
});

describe('an override that is invalid', () => {
  const cases = Object.entries(invalid).flatMap(([name, values]) =>
    values.map((value) => [name, value] as const),
  );

  it.each(cases)('%s: %j counts as unset, and is told', (name, value) => {
    const fn = overriding({ [name]: value });
    const { settings, problems } = proxySettingsFor(fn, cluster);
    expect(settings).toEqual(cluster);
    expect(problems).toEqual([
      {
        annotation: `${prefix}${name}`,
        message: expect.stringContaining(`Invalid value: ${JSON.stringify(value).slice(0, 40)}`),
      },
    ]);
    expect(proxyOverrideProblems(fn)).toEqual(problems);
  });

  it('does not keep the others from holding', () => {
    const fn = overriding({ 'proxy-replicas': 'two', 'proxy-image': 'b', 'proxy-labels': '?' });
    const { settings, problems } = proxySettingsFor(fn, cluster);
    expect(settings).toEqual({ ...cluster, image: 'b' });
    expect(problems.map(({ annotation }) => annotation)).toEqual([
      `${prefix}proxy-replicas`,
      `${prefix}proxy-labels`,
    ]);
  });
});

describe('a request above its limit', () => {
  it("is the problem of whichever the Function overrides, and the cluster's hold", () => {
    const message = 'the request "96Mi" is above the limit "64Mi"';
    const fn = overriding({ 'proxy-memory-limit': '64Mi', 'proxy-cpu-limit': '2' });
    expect(proxySettingsFor(fn, cluster)).toEqual({
      settings: { ...cluster, resources: { ...cluster.resources, cpuLimit: '2' } },
      problems: [{ annotation: `${prefix}proxy-memory-limit`, message }],
    });
    // What the cluster asks for is not known at admission.
    expect(proxyOverrideProblems(fn)).toEqual([]);
  });

  it('is the problem of both where the Function overrides both', () => {
    const fn = overriding({ 'proxy-cpu-limit': '100m', 'proxy-cpu-request': '0.2' });
    const message = 'the request "200m" is above the limit "100m"';
    const problems = [
      { annotation: `${prefix}proxy-cpu-request`, message },
      { annotation: `${prefix}proxy-cpu-limit`, message },
    ];
    expect(proxySettingsFor(fn, cluster)).toEqual({ settings: cluster, problems });
    expect(proxyOverrideProblems(fn)).toEqual(problems);
  });

  it('is none where both are the same, or there is no limit', () => {
    for (const limit of ['96Mi', '100663296', 'none']) {
      expect(
        proxySettingsFor(overriding({ 'proxy-memory-limit': limit }), cluster).problems,
      ).toEqual([]);
    }
  });
});

describe('whatever a Function holds', () => {
  it('nothing is thrown, and an override that is wrong leaves its setting as it is', () => {
    fc.assert(
      fc.property(anyFunction, (object) => {
        const fn = modelOf(deepFreeze(object));
        const { settings, problems } = proxySettingsFor(fn, cluster);
        expect(Object.keys(settings).sort()).toEqual(Object.keys(cluster).sort());
        const known = new Set(overrideAnnotations);
        for (const { annotation } of problems) expect(known.has(annotation)).toBe(true);
        for (const problem of proxyOverrideProblems(fn)) {
          expect(problems.map(({ annotation }) => annotation)).toContain(problem.annotation);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('nothing is thrown for any text in any annotation', () => {
    const texts = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.string({ unit: fc.constantFrom(...'a1=:,/*.-mKie+ _NoExecute'), maxLength: 30 }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...overrideAnnotations), texts, (annotation, text) => {
        const fn = functionInMode('standalone', { annotations: { [annotation]: text } });
        const { settings, problems } = proxySettingsFor(fn, cluster);
        if (problems.length > 0) expect(settings).toEqual(cluster);
        expect(problems.length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the objects of a proxy', () => {
  function podSpec(
    overrides: Record<string, string>,
    settings: Partial<ProxySettings> = {},
  ): JsonObject {
    const deployment = theOne(desired(overriding(overrides), settings), 'Deployment');
    return pick(deployment, 'spec', 'template', 'spec') as JsonObject;
  }

  it('follow what the Function overrides', () => {
    const overrides = {
      'proxy-image': 'example.com/p:v2',
      'proxy-replicas': '4',
      'proxy-cpu-request': '0.2',
      'proxy-memory-limit': 'none',
      'proxy-node-selector': 'kubernetes.io/arch=arm64',
      'proxy-tolerations': 'dedicated=functions:NoSchedule',
      'proxy-priority-class': 'high',
      'proxy-image-pull-secrets': 'mirror,other',
      'network-policy': 'false',
      'api-token': 'true',
      'proxy-labels': 'team=checkout',
    };
    const objects = desired(overriding(overrides));
    expect(objects.map(({ kind }) => kind)).toEqual(['Secret', 'Service', 'Deployment']);
    const deployment = theOne(objects, 'Deployment');
    expect(pick(deployment, 'spec', 'replicas')).toBe(4);
    expect(podSpec(overrides)).toMatchObject({
      nodeSelector: { 'kubernetes.io/arch': 'arm64' },
      tolerations: [
        { key: 'dedicated', operator: 'Equal', value: 'functions', effect: 'NoSchedule' },
      ],
      priorityClassName: 'high',
      imagePullSecrets: [{ name: 'mirror' }, { name: 'other' }],
    });
    expect(listAt(podSpec(overrides), 'containers')[0]).toMatchObject({
      image: 'example.com/p:v2',
      resources: { requests: { cpu: '200m', memory: '96Mi' }, limits: { cpu: '1' } },
    });
    expect(pick(deployment, 'metadata', 'labels', 'team')).toBe('checkout');
  });

  it('leave out what is not set, rather than hold empty lists', () => {
    const spec = podSpec({});
    for (const field of ['nodeSelector', 'tolerations', 'priorityClassName', 'imagePullSecrets']) {
      expect(spec).not.toHaveProperty(field);
    }
    const resources = {
      cpuRequest: undefined,
      cpuLimit: undefined,
      memoryRequest: undefined,
      memoryLimit: undefined,
    };
    expect(listAt(podSpec({}, { resources }), 'containers')[0]).not.toHaveProperty('resources');
    const limited = { ...resources, memoryLimit: '1Gi' };
    expect(pick(podSpec({}, { resources: limited }), 'containers', 0, 'resources')).toEqual({
      limits: { memory: '1Gi' },
    });
  });

  it('leave the number of pods to an autoscaler where it is unmanaged', () => {
    const spec = (overrides: Record<string, string>, replicas: ProxySettings['replicas']) =>
      pick(theOne(desired(overriding(overrides), { replicas }), 'Deployment'), 'spec');
    expect(spec({}, 'unmanaged')).not.toHaveProperty('replicas');
    expect(spec({ 'proxy-replicas': 'unmanaged' }, 2)).not.toHaveProperty('replicas');
    expect(spec({ 'proxy-replicas': '0' }, 'unmanaged')).toHaveProperty('replicas', 0);
  });
});

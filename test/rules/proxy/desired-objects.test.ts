import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/api/json.ts';
import { appIdOf } from '../../../src/rules/names.ts';
import { component, lookupOf } from '../../support/components.ts';
import {
  desired,
  desiredFacts,
  namesOf,
  ofKind,
  proxyPodLabels,
  selects,
  theOne,
} from '../../support/desired.ts';
import {
  asyncServing,
  functionInMode,
  functionOf,
  modelOf,
  modes,
  v1beta1,
  versions,
  withOutput,
} from '../../support/functions.ts';
import { listAt, objectAt, pick } from '../../support/json.ts';
import { admit, containerOf, envOf, envValues, podOf } from '../../support/pods.ts';

const dnsLabel = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const dnsSubdomain = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;

const tokensOn = { 'baas.openfunction.io/api-token': 'true' };

describe('a Function that Dapr is disabled for', () => {
  it('has nothing kept for it', () => {
    for (const version of versions) {
      const serving = asyncServing(version);
      expect(desired(functionInMode('disabled', { version, serving }))).toEqual([]);
      expect(desired(modelOf(functionOf(version)))).toEqual([]);
    }
    const built = v1beta1();
    objectAt(built, 'spec')['serving'] = null;
    expect(desired(modelOf(built))).toEqual([]);
  });
});

describe('a standalone Function that is called over HTTP', () => {
  it('has a proxy, its Service and its NetworkPolicy', () => {
    for (const version of versions) {
      expect(namesOf(desired(functionInMode('standalone', { version })))).toEqual([
        'Deployment/orders-dapr-proxy',
        'NetworkPolicy/orders-dapr-proxy',
        'Service/orders-dapr-proxy',
      ]);
    }
  });
});

describe('a standalone Function that is fed with events', () => {
  it('has its Components and the events Service as well', () => {
    for (const version of versions) {
      const fn = functionInMode('standalone', { version, serving: asyncServing(version) });
      expect(namesOf(desired(fn))).toEqual([
        'Component/orders-kafka',
        'Deployment/orders-dapr-proxy',
        'NetworkPolicy/orders-dapr-proxy',
        'Service/orders-dapr-proxy',
        'Service/orders-events',
      ]);
    }
  });
});

describe('a Function in sidecar mode', () => {
  it("has its Components and the Service that Dapr's operator does not make", () => {
    for (const version of versions) {
      const fn = functionInMode('sidecar', { version, serving: asyncServing(version) });
      expect(namesOf(desired(fn))).toEqual(['Component/orders-kafka', 'Service/orders-shop-dapr']);
    }
  });

  it("leaves that Service to Dapr's operator where a workload carries the annotation", () => {
    const fn = functionInMode('sidecar', { serving: asyncServing('v1beta1') });
    const facts = { hasAnnotatedWorkload: true };
    expect(namesOf(desired(fn, {}, facts))).toEqual(['Component/orders-kafka']);
  });

  it('has neither token nor policy', () => {
    const fn = functionInMode('sidecar', { annotations: tokensOn });
    expect(namesOf(desired(fn, { apiTokens: true, networkPolicy: true }))).toEqual([
      'Service/orders-shop-dapr',
    ]);
  });
});

describe('the NetworkPolicy', () => {
  it("is left out where the cluster's admin turned it off", () => {
    const fn = functionInMode('standalone');
    expect(ofKind(desired(fn, { networkPolicy: false }), 'NetworkPolicy')).toEqual([]);
  });
});

describe('the token Secret', () => {
  it('is there only where tokens are on: the Function decides over the cluster', () => {
    const cases: [JsonObject, boolean, number][] = [
      [{}, false, 0],
      [{}, true, 1],
      [tokensOn, false, 1],
      [{ 'baas.openfunction.io/api-token': 'false' }, true, 0],
      [{ 'baas.openfunction.io/api-token': 'yes' }, true, 1],
      [{ 'baas.openfunction.io/api-token': 'yes' }, false, 0],
    ];
    for (const [annotations, apiTokens, count] of cases) {
      const fn = functionInMode('standalone', { annotations });
      expect(ofKind(desired(fn, { apiTokens }), 'Secret')).toHaveLength(count);
    }
  });

  it("holds the given token under the key that Dapr reads, and under the proxy's name", () => {
    const fn = functionInMode('standalone', { annotations: tokensOn });
    const secret = theOne(desired(fn), 'Secret');
    expect(pick(secret, 'metadata', 'name')).toBe('orders-dapr-proxy');
    expect(pick(secret, 'data', 'token')).toBe(desiredFacts.newTokenBase64);
  });

  it('is written where server-side apply keeps track of it', () => {
    const fn = functionInMode('standalone', { annotations: tokensOn });
    expect(theOne(desired(fn), 'Secret')).not.toHaveProperty('stringData');
  });

  it('is what proxy, daprd and function all refer to', () => {
    const fn = functionInMode('standalone', { annotations: tokensOn });
    const objects = desired(fn);
    const name = pick(theOne(objects, 'Secret'), 'metadata', 'name');
    const template = pick(theOne(objects, 'Deployment'), 'spec', 'template');
    expect(pick(template, 'metadata', 'annotations', 'dapr.io/api-token-secret')).toBe(name);
    expect(pick(template, 'metadata', 'annotations', 'dapr.io/app-token-secret')).toBe(name);
    const reference = { secretKeyRef: { name, key: 'token' } };
    const proxy = envOf(listAt(template, 'spec', 'containers')[0] ?? {});
    expect(proxy.get('APP_API_TOKEN')?.['valueFrom']).toEqual(reference);
    const pod = envOf(containerOf(admit(podOf(), fn).pod));
    expect(pod.get('DAPR_API_TOKEN')?.['valueFrom']).toEqual(reference);
  });

  it('never stands in a Deployment in clear', () => {
    const fn = functionInMode('standalone', { annotations: tokensOn });
    const deployment = JSON.stringify(theOne(desired(fn), 'Deployment'));
    for (const encoding of ['base64', 'utf8'] as const) {
      const token = Buffer.from(desiredFacts.newTokenBase64, 'base64').toString(encoding);
      expect(deployment).not.toContain(token);
    }
  });
});

describe('every kept object', () => {
  const cases = versions.flatMap((version) =>
    modes.flatMap((mode) =>
      [asyncServing(version), withOutput(version)].map((serving) =>
        functionInMode(mode, {
          version,
          serving: { ...serving, labels: { team: 'checkout', app: 'web' } },
          annotations: tokensOn,
          metadata: { uid: 'u-1', labels: { owner: 'me' } },
        }),
      ),
    ),
  );

  it('is owned by the Function, so that garbage collection removes it', () => {
    for (const fn of cases) {
      for (const object of desired(fn)) {
        expect(pick(object, 'metadata', 'ownerReferences')).toEqual([
          {
            apiVersion: `core.openfunction.io/${fn.version}`,
            kind: 'Function',
            name: 'orders',
            uid: 'u-1',
            controller: true,
            blockOwnerDeletion: true,
          },
        ]);
        expect(pick(object, 'metadata', 'namespace')).toBe('shop');
      }
    }
  });

  it('has no owner while no API server has stored the Function', () => {
    for (const object of desired(functionInMode('standalone'))) {
      expect(pick(object, 'metadata', 'ownerReferences')).toBeUndefined();
    }
  });

  it('says who keeps it and for which Function', () => {
    for (const fn of cases) {
      for (const object of desired(fn)) {
        const labels = objectAt(object, 'metadata', 'labels');
        expect(labels).toMatchObject({
          'openfunction.io/managed': 'true',
          'baas.openfunction.io/proxy': 'orders',
        });
        for (const name of ['name', 'instance', 'component', 'part-of', 'managed-by']) {
          expect(labels[`app.kubernetes.io/${name}`]).toMatch(/^[a-z0-9-]+$/);
        }
      }
    }
  });

  it("selects by labels that are no user's, and by at least one", () => {
    const own = /^(baas\.)?openfunction\.io\//;
    for (const fn of cases) {
      for (const object of desired(fn)) {
        const selectors = [
          pick(object, 'spec', 'selector', 'matchLabels'),
          object['kind'] === 'Service' ? pick(object, 'spec', 'selector') : undefined,
          pick(object, 'spec', 'podSelector', 'matchLabels'),
          ...listAt(object, 'spec', 'ingress').flatMap((rule) =>
            listAt(rule, 'from').map((from) => pick(from, 'podSelector', 'matchLabels')),
          ),
        ].filter((selector) => selector !== undefined);
        for (const selector of selectors) {
          expect(Object.keys(selector as JsonObject)).not.toHaveLength(0);
          for (const key of Object.keys(selector as JsonObject)) expect(key).toMatch(own);
        }
      }
    }
  });

  it("is the same each time, however the Function's labels and image change", () => {
    const selectorOf = (objects: JsonObject[]) =>
      pick(theOne(objects, 'Deployment'), 'spec', 'selector');
    const before = functionInMode('standalone', { serving: withOutput('v1beta1') });
    const after = functionInMode('standalone', {
      version: 'v1beta2',
      serving: { ...asyncServing('v1beta2'), labels: { app: 'other' } },
      metadata: { labels: { a: 'b' } },
      spec: { image: 'example.com/orders:v2', version: 'v2' },
    });
    expect(desired(before)).toEqual(desired(before));
    expect(selectorOf(desired(after))).toEqual(selectorOf(desired(before)));
  });
});

describe('what selects what', () => {
  const names = ['o', 'orders', 'my.orders', 'n'.repeat(52), 'n'.repeat(63)];

  function selectorOf(objects: JsonObject[], ending: string): JsonObject {
    const services = ofKind(objects, 'Service').filter((one) =>
      String(pick(one, 'metadata', 'name')).includes(ending),
    );
    return objectAt(services[0] ?? {}, 'spec', 'selector');
  }

  it("is the proxy's own pods for its Deployment, its Service and its policy", () => {
    for (const name of names) {
      const fn = functionInMode('standalone', { name, serving: asyncServing('v1beta1') });
      const objects = desired(fn);
      const labels = proxyPodLabels(objects);
      const deployment = theOne(objects, 'Deployment');
      expect(selects(objectAt(deployment, 'spec', 'selector', 'matchLabels'), labels)).toBe(true);
      const policy = theOne(objects, 'NetworkPolicy');
      expect(selects(objectAt(policy, 'spec', 'podSelector', 'matchLabels'), labels)).toBe(true);
      const [service] = ofKind(objects, 'Service');
      expect(selects(objectAt(service ?? {}, 'spec', 'selector'), labels)).toBe(true);
    }
  });

  it("is never the proxy's own pods for the events Service, which would send events round", () => {
    for (const name of names) {
      for (const version of versions) {
        const fn = functionInMode('standalone', { version, name, serving: asyncServing(version) });
        const objects = desired(fn);
        const [, events] = ofKind(objects, 'Service');
        expect(pick(events, 'spec', 'clusterIP')).toBe('None');
        const selector = objectAt(events ?? {}, 'spec', 'selector');
        expect(selects(selector, proxyPodLabels(objects))).toBe(false);
      }
    }
  });

  it("is never a function pod for the proxy's Service", () => {
    const fn = functionInMode('standalone', { serving: asyncServing('v1beta1') });
    const labels = objectAt(admit(podOf(), fn).pod, 'metadata', 'labels');
    expect(selects(selectorOf(desired(fn), '-dapr-proxy'), labels)).toBe(false);
  });

  /** Whether the events Service, the policy and the Service of sidecar mode take a Function's admitted pods. */
  function selectorsThatTakeItsPods(name: string): Record<string, boolean> {
    const pod = podOf();
    objectAt(pod, 'metadata')['labels'] = { 'openfunction.io/serving': 'x1' };
    const serving = asyncServing('v1beta1');
    const standalone = functionInMode('standalone', { name, serving });
    const sidecar = functionInMode('sidecar', { name, serving });
    const labels = objectAt(admit(pod, standalone).pod, 'metadata', 'labels');
    const sidecarLabels = objectAt(admit(pod, sidecar).pod, 'metadata', 'labels');
    const objects = desired(standalone);
    const [, events] = ofKind(objects, 'Service');
    const callers = listAt(theOne(objects, 'NetworkPolicy'), 'spec', 'ingress').flatMap((rule) =>
      listAt(rule, 'from').map((from) => objectAt(from, 'podSelector', 'matchLabels')),
    );
    const service = theOne(desired(sidecar), 'Service');
    return {
      events: selects(objectAt(events ?? {}, 'spec', 'selector'), labels),
      policy: callers.some((selector) => selects(selector, labels)),
      sidecar: selects(objectAt(service, 'spec', 'selector'), sidecarLabels),
    };
  }

  it("is the Function's admitted pods for events Service, policy and sidecar Service", () => {
    for (const name of names) {
      expect(selectorsThatTakeItsPods(name)).toEqual({ events: true, policy: true, sidecar: true });
    }
  });
});

describe('names', () => {
  const functionNames = [
    'o',
    'orders',
    '0rders',
    'my.orders',
    'a-b.c-d.e',
    'n'.repeat(51),
    'n'.repeat(52),
    'n'.repeat(63),
    `${'n'.repeat(48)}-${'m'.repeat(14)}`,
    'n'.repeat(253),
  ];

  it('are DNS labels, and so are the hosts that are made of them', () => {
    for (const name of functionNames) {
      for (const version of versions) {
        for (const mode of modes) {
          const annotations = tokensOn;
          const fn = functionInMode(mode, {
            version,
            name,
            annotations,
            serving: asyncServing(version),
          });
          for (const object of desired(fn)) {
            const objectName = String(pick(object, 'metadata', 'name'));
            expect(objectName.length).toBeLessThanOrEqual(253);
            // A Component's name is an object name; the others become hosts or label values.
            const valid = object['kind'] === 'Component' ? dnsSubdomain : dnsLabel;
            expect(objectName).toMatch(valid);
          }
        }
      }
    }
  });

  it('are label values where they stand in labels', () => {
    for (const name of functionNames) {
      const fn = functionInMode('standalone', { name, serving: asyncServing('v1beta1') });
      for (const object of desired(fn)) {
        for (const value of Object.values(objectAt(object, 'metadata', 'labels'))) {
          expect(value).toMatch(/^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/);
        }
      }
    }
  });

  it("agree between the proxy's Service and what its function is told", () => {
    for (const name of functionNames) {
      const fn = functionInMode('standalone', { name });
      const service = theOne(desired(fn), 'Service');
      const env = envValues(containerOf(admit(podOf(), fn).pod));
      const host = `${pick(service, 'metadata', 'name')}.shop.svc.cluster.local`;
      expect(env['DAPR_HOST']).toBe(host);
      expect(env['DAPR_SIDECAR_IP']).toBe(host);
    }
  });

  it('agree between the events Service and what the proxy is told', () => {
    for (const name of functionNames) {
      const fn = functionInMode('standalone', { name, serving: asyncServing('v1beta1') });
      const objects = desired(fn, { clusterDomain: 'example.internal' });
      const [, events] = ofKind(objects, 'Service');
      const template = pick(theOne(objects, 'Deployment'), 'spec', 'template', 'spec');
      const env = envValues(listAt(template, 'containers')[0] ?? {});
      expect(env['FUNCTION_HOST']).toBe(
        `${pick(events, 'metadata', 'name')}.shop.svc.example.internal`,
      );
      expect(env['FUNCTION_PORT']).toBe(String(pick(events, 'spec', 'ports', 0, 'port')));
    }
  });

  it('agree on the app-id: pod, proxy, scopes and Service', () => {
    for (const name of functionNames) {
      for (const annotations of [{}, { 'dapr.io/app-id': 'my-app' }]) {
        const serving = asyncServing('v1beta1');
        const standalone = functionInMode('standalone', { name, annotations, serving });
        const appId = appIdOf(standalone);
        expect(appId).toMatch(dnsLabel);
        const objects = desired(standalone);
        for (const one of ofKind(objects, 'Component')) expect(one['scopes']).toEqual([appId]);
        const template = pick(theOne(objects, 'Deployment'), 'spec', 'template');
        expect(pick(template, 'metadata', 'annotations', 'dapr.io/app-id')).toBe(appId);

        const sidecar = functionInMode('sidecar', { name, annotations, serving });
        const service = theOne(desired(sidecar), 'Service');
        expect(pick(service, 'metadata', 'name')).toBe(`${appId}-dapr`);
        const pod = admit(podOf(), sidecar).pod;
        expect(pick(pod, 'metadata', 'annotations', 'dapr.io/app-id')).toBe(appId);
      }
    }
  });

  it('agree on components between FUNC_CONTEXT of pod and proxy and the Components made', () => {
    for (const version of versions) {
      for (const name of functionNames) {
        const fn = functionInMode('standalone', { version, name, serving: asyncServing(version) });
        const objects = desired(fn);
        const made = pick(theOne(objects, 'Component'), 'metadata', 'name');
        const template = pick(theOne(objects, 'Deployment'), 'spec', 'template', 'spec');
        const proxy = envValues(listAt(template, 'containers')[0] ?? {});
        const pod = envValues(containerOf(admit(podOf(), fn).pod));
        for (const env of [proxy, pod]) {
          const context = JSON.parse(String(env['FUNC_CONTEXT'])) as { inputs: JsonObject };
          const [input] = Object.values(context.inputs);
          expect(pick(input, 'componentName')).toBe(made);
          const context2 = JSON.parse(String(env['FUNC_CONTEXT_V1BETA2']));
          expect(pick(context2, 'triggers', 'dapr', 0, 'name')).toBe(made);
        }
      }
    }
  });
});

describe('ports', () => {
  it('agree wherever the Dapr gRPC port stands', () => {
    for (const [annotations, port] of [
      [{}, 50001],
      [{ 'dapr.io/grpc-port': '50055' }, 50055],
    ] as const) {
      const fn = functionInMode('standalone', { annotations });
      const objects = desired(fn);
      const service = theOne(objects, 'Service');
      expect(listAt(service, 'spec', 'ports').map((one) => [one['name'], one['port']])).toEqual([
        ['http', 3500],
        ['grpc', port],
      ]);
      const allowed = listAt(theOne(objects, 'NetworkPolicy'), 'spec', 'ingress').filter(
        (rule) => listAt(rule, 'from').length > 0,
      );
      expect(allowed.flatMap((rule) => listAt(rule, 'ports').map((one) => one['port']))).toEqual([
        3500,
        port,
      ]);
      expect(envValues(containerOf(admit(podOf(), fn).pod))['DAPR_GRPC_PORT']).toBe(String(port));
    }
  });
});

describe('a Function whose Serving OpenFunction has Components for', () => {
  it('gets none of ours, and its proxy speaks of theirs', () => {
    const real = 'orders-x1-component-kafka-abcde';
    const facts = {
      servings: ['orders-x1'],
      components: lookupOf(component(real, 'pubsub.kafka', { serving: 'orders-x1' })),
    };
    for (const mode of ['standalone', 'sidecar'] as const) {
      const fn = functionInMode(mode, { serving: asyncServing('v1beta1') });
      const objects = desired(fn, {}, facts);
      expect(ofKind(objects, 'Component')).toEqual([]);
    }
    const fn = functionInMode('standalone', { serving: asyncServing('v1beta1') });
    expect(JSON.stringify(theOne(desired(fn, {}, facts), 'Deployment'))).toContain(real);
  });

  it('gets ours where that Serving has none', () => {
    const facts = {
      servings: ['orders-x1'],
      components: lookupOf(
        component('kafka', 'pubsub.kafka'),
        component('other-x1-component-kafka-abcde', 'pubsub.kafka', { serving: 'other-x1' }),
      ),
    };
    const fn = functionInMode('standalone', { serving: asyncServing('v1beta1') });
    expect(ofKind(desired(fn, {}, facts), 'Component')).toHaveLength(1);
  });
});

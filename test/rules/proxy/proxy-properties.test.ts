import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/api/json.ts';
import { appIdOf } from '../../../src/rules/names.ts';
import { anyFunction } from '../../support/arbitraries.ts';
import { desired, namesOf, ofKind, proxyPodLabels, selects } from '../../support/desired.ts';
import { modelOf } from '../../support/functions.ts';
import { listAt, objectAt, pick } from '../../support/json.ts';

const numRuns = 300;

const dnsSubdomain = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
const dnsLabel = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const labelValue = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

/** The objects kept for any Function whose app-id, if it chose one, is allowed. */
function desiredOf(object: JsonObject): { objects: JsonObject[]; appId: string } {
  const fn = modelOf(object);
  return { objects: desired(fn, { apiTokens: true }), appId: appIdOf(fn) };
}

const withValidAppId = anyFunction.map((object) => {
  const annotations = objectAt(object, 'spec', 'serving', 'annotations');
  if (annotations['dapr.io/app-id'] !== 'my-app') delete annotations['dapr.io/app-id'];
  return object;
});

describe('whatever a Function holds', () => {
  it('every object kept for it has a name and labels that an API server accepts', () => {
    fc.assert(
      fc.property(withValidAppId, (object) => {
        const { objects, appId } = desiredOf(object);
        expect(appId.length).toBeLessThanOrEqual(58);
        expect(appId).toMatch(dnsLabel);
        for (const one of objects) {
          const name = String(pick(one, 'metadata', 'name'));
          expect(name.length).toBeLessThanOrEqual(253);
          expect(name).toMatch(one['kind'] === 'Component' ? dnsSubdomain : dnsLabel);
          for (const value of Object.values(objectAt(one, 'metadata', 'labels'))) {
            expect(value).toMatch(labelValue);
          }
        }
      }),
      { numRuns },
    );
  });

  it('no two objects kept for it are one', () => {
    fc.assert(
      fc.property(withValidAppId, (object) => {
        const names = namesOf(desiredOf(object).objects);
        expect(new Set(names).size).toBe(names.length);
      }),
      { numRuns },
    );
  });

  it('every environment value of its proxy is text or a reference, each name once', () => {
    fc.assert(
      fc.property(withValidAppId, (object) => {
        for (const deployment of ofKind(desiredOf(object).objects, 'Deployment')) {
          const [container] = listAt(deployment, 'spec', 'template', 'spec', 'containers');
          const env = listAt(container, 'env');
          const names = env.map(({ name }) => name);
          expect(new Set(names).size).toBe(names.length);
          for (const variable of env) {
            const isText = typeof variable['value'] === 'string';
            expect(isText || variable['valueFrom'] !== undefined).toBe(true);
          }
          const annotations = objectAt(deployment, 'spec', 'template', 'metadata', 'annotations');
          for (const value of Object.values(annotations)) expect(typeof value).toBe('string');
          expect(annotations['dapr.io/enabled']).toBe('true');
        }
      }),
      { numRuns },
    );
  });

  it('no Service that reaches its pods reaches its proxy', () => {
    fc.assert(
      fc.property(withValidAppId, (object) => {
        const { objects } = desiredOf(object);
        if (ofKind(objects, 'Deployment').length === 0) return;
        const labels = proxyPodLabels(objects);
        const reaching = ofKind(objects, 'Service').filter((service) =>
          selects(objectAt(service, 'spec', 'selector'), labels),
        );
        const [proxy] = ofKind(objects, 'Deployment');
        expect(reaching.map((service) => pick(service, 'metadata', 'name'))).toEqual([
          pick(proxy, 'metadata', 'name'),
        ]);
      }),
      { numRuns },
    );
  });
});

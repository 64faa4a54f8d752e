import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/api/json.ts';
import {
  podOfTemplate,
  templatePathOf,
  withTemplate,
} from '../../../src/rules/pod/workload-template.ts';
import { functionInMode } from '../../support/functions.ts';
import { deepFreeze, pick, wireCopy } from '../../support/json.ts';
import { admit, podOf } from '../../support/pods.ts';

const { metadata, spec } = podOf();
const template = { metadata: metadata ?? null, spec: spec ?? null };

/** A workload of a kind, with a Pod template where that kind keeps it. */
function workload(apiVersion: string, kind: string, body: JsonObject): JsonObject {
  return deepFreeze({ apiVersion, kind, metadata: { name: 'orders' }, spec: body });
}

const workloads = [
  ...['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet'].map((kind) =>
    workload('apps/v1', kind, { replicas: 2, template }),
  ),
  workload('batch/v1', 'Job', { backoffLimit: 1, template }),
  workload('batch/v1', 'CronJob', { schedule: '* * * * *', jobTemplate: { spec: { template } } }),
  workload('serving.knative.dev/v1', 'Service', { traffic: [], template }),
  workload('keda.sh/v1alpha1', 'ScaledJob', { triggers: [], jobTargetRef: { template } }),
];

describe('the Pod that a workload makes', () => {
  it.each(workloads)('is that of its template: $apiVersion $kind', (object) => {
    expect(podOfTemplate(object, templatePathOf(object) ?? [])).toEqual(podOf());
  });

  it.each(workloads)('can be put back, and changes nothing else: $apiVersion $kind', (object) => {
    const path = templatePathOf(object) ?? [];
    const { pod } = admit(podOfTemplate(object, path), functionInMode('standalone'));
    const changed = withTemplate(object, path, pod);
    expect(podOfTemplate(changed, path)).toEqual(pod);
    expect(withTemplate(changed, path, podOf())).toEqual(wireCopy(object));
    expect(pick(changed, 'metadata')).toEqual({ name: 'orders' });
  });

  it('is empty where the template is missing', () => {
    for (const body of [undefined, null, {}, { template: null }, { template: 'text' }]) {
      const object = { apiVersion: 'apps/v1', kind: 'Deployment', spec: body };
      expect(podOfTemplate(object, templatePathOf(object) ?? [])).toMatchObject({
        metadata: {},
        spec: {},
      });
    }
  });

  it('is none for an object that makes no Pods', () => {
    for (const [apiVersion, kind] of [
      ['v1', 'Service'],
      ['v1', 'Pod'],
      ['example.com/v1', 'Deployment'],
      ['apps/v1', 'ControllerRevision'],
      [null, null],
      ['apps/v1', ['Deployment']],
    ]) {
      expect(templatePathOf({ apiVersion: apiVersion ?? null, kind: kind ?? null })).toBe(
        undefined,
      );
    }
    for (const key of ['constructor', '__proto__', 'toString']) {
      expect(templatePathOf({ apiVersion: 'apps/v1', kind: key })).toBeUndefined();
    }
  });
});

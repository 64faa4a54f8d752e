import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/api/json.ts';
import { functionPod } from '../../../src/rules/openfunction/function-pod.ts';
import { podClaim } from '../../../src/rules/pod/pod-function.ts';
import { functionOf, modelOf, v1beta1, v1beta2, versions } from '../../support/functions.ts';
import { listAt, objectAt, pick } from '../../support/json.ts';
import { containerOf, envValues } from '../../support/pods.ts';

function podOfFunction(object: JsonObject): JsonObject {
  const pod = functionPod(modelOf(object));
  if (pod === undefined) throw new Error('the Function makes no Pod');
  return pod;
}

describe('the Pod that OpenFunction makes of a Function', () => {
  it('runs the built image in a container called function', () => {
    for (const version of versions) {
      const pod = podOfFunction(functionOf(version, { serving: { params: { LEVEL: 'debug' } } }));
      expect(listAt(pod, 'spec', 'containers')).toHaveLength(1);
      expect(containerOf(pod)).toMatchObject({
        image: 'example.com/orders:v1',
        ports: [{ containerPort: 8080 }],
      });
      expect(envValues(containerOf(pod))).toEqual({ LEVEL: 'debug' });
    }
  });

  it('says which Function it is of', () => {
    for (const version of versions) {
      const pod = podOfFunction(functionOf(version, { serving: { labels: { team: 'checkout' } } }));
      expect(podClaim(pod)).toEqual({ kind: 'function', name: 'orders' });
      expect(pick(pod, 'metadata', 'labels', 'team')).toBe('checkout');
      expect(pick(pod, 'metadata', 'namespace')).toBe('shop');
    }
  });

  it('takes over what the template says', () => {
    const template = {
      serviceAccountName: 'orders',
      imagePullSecrets: [{ name: 'mine' }],
      containers: [
        { name: 'helper', image: 'example.com/helper' },
        { name: 'function', env: [{ name: 'OWN', value: 'x' }], resources: { limits: {} } },
      ],
    };
    const spec = { imageCredentials: { name: 'pull' } };
    const pod = podOfFunction(v1beta2({ spec, serving: { template, params: { LEVEL: 'debug' } } }));
    expect(pick(pod, 'spec', 'serviceAccountName')).toBe('orders');
    expect(listAt(pod, 'spec', 'imagePullSecrets')).toEqual([{ name: 'mine' }, { name: 'pull' }]);
    expect(listAt(pod, 'spec', 'containers').map(({ name }) => name)).toEqual([
      'helper',
      'function',
    ]);
    expect(containerOf(pod)).toMatchObject({
      image: 'example.com/orders:v1',
      resources: { limits: {} },
    });
    expect(envValues(containerOf(pod))).toEqual({ OWN: 'x', LEVEL: 'debug' });
    expect(containerOf(pod, 'helper')).toEqual({ name: 'helper', image: 'example.com/helper' });
  });

  it('carries the annotations of spec.serving', () => {
    const annotations = { 'dapr.io/log-level': 'debug' };
    expect(pick(podOfFunction(v1beta1({ annotations })), 'metadata', 'annotations')).toEqual(
      annotations,
    );
  });

  it('may end when the Function runs as a Job', () => {
    const beta1 = v1beta1({ serving: { scaleOptions: { keda: { scaledJob: {} } } } });
    const beta2 = v1beta2({ serving: { workloadType: 'Job' } });
    for (const object of [beta1, beta2]) {
      expect(pick(podOfFunction(object), 'spec', 'restartPolicy')).toBe('OnFailure');
    }
    expect(pick(podOfFunction(v1beta2()), 'spec', 'restartPolicy')).toBeUndefined();
  });

  it('is none for a Function that is only built', () => {
    const built = v1beta1();
    delete objectAt(built, 'spec')['serving'];
    expect(functionPod(modelOf(built))).toBeUndefined();
  });
});

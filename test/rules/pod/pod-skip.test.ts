import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/api/json.ts';
import { skipReasonOf } from '../../../src/rules/pod/pod-skip.ts';
import { namespace } from '../../support/functions.ts';
import { podOf } from '../../support/pods.ts';

const none: ReadonlySet<string> = new Set();

function reasonFor(labels: JsonObject, annotations: JsonObject = {}, excluded = none) {
  return skipReasonOf(podOf({ labels, annotations }), namespace, excluded);
}

describe('a Pod is left alone', () => {
  it("when it is a proxy's own, whoever made the proxy", () => {
    for (const label of ['openfunction.io/proxy', 'baas.openfunction.io/proxy']) {
      for (const value of ['orders', '']) expect(reasonFor({ [label]: value })).toBe('proxy');
    }
  });

  it('when its user says so', () => {
    expect(reasonFor({ 'baas.openfunction.io/inject': 'disabled' })).toBe('opted-out');
  });

  it('when it mirrors a static pod', () => {
    expect(reasonFor({}, { 'kubernetes.io/config.mirror': 'abc' })).toBe('mirror-pod');
    expect(reasonFor({}, { 'kubernetes.io/config.mirror': '' })).toBe('mirror-pod');
  });

  it('in an excluded namespace, which the request names and not the Pod', () => {
    expect(reasonFor({}, {}, new Set(['kube-system', namespace]))).toBe('excluded-namespace');
    const pod = podOf();
    (pod['metadata'] as JsonObject)['namespace'] = namespace;
    expect(skipReasonOf(pod, 'elsewhere', new Set([namespace]))).toBeUndefined();
  });

  it("when it is no function's", () => {
    const pod = { metadata: { labels: { app: 'web' } }, spec: {} };
    expect(skipReasonOf(pod, namespace, none)).toBe('not-a-function-pod');
    expect(skipReasonOf({}, namespace, none)).toBe('not-a-function-pod');
  });
});

describe('a Pod is admitted', () => {
  it('when it names its Function or its Serving', () => {
    expect(reasonFor({})).toBeUndefined();
    const pod = { metadata: { labels: { 'openfunction.io/serving': 's1' } }, spec: {} };
    expect(skipReasonOf(pod, namespace, none)).toBeUndefined();
  });

  it('when its opt-out label says anything but disabled', () => {
    for (const value of ['enabled', '', 'false', 'Disabled']) {
      expect(reasonFor({ 'baas.openfunction.io/inject': value })).toBeUndefined();
    }
  });

  it('in another namespace than the excluded ones', () => {
    expect(reasonFor({}, {}, new Set(['kube-system']))).toBeUndefined();
  });
});

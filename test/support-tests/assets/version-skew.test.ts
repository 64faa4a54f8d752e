import { describe, expect, it } from 'vitest';
import { findVersionSkew } from '../../cluster/assets/version-skew.ts';

const version = (minor: number, major = 1) => ({ major, minor, patch: 3 });

describe('programs go with an API server', () => {
  it.each([
    ['of one minor', 36, 36, 36],
    ['when the controller manager is one minor older', 36, 35, 36],
    ['when kubectl is one minor older', 36, 36, 35],
    ['when kubectl is one minor newer', 36, 36, 37],
  ])('%s', (_what, server, controllerManager, kubectl) => {
    const versions = {
      'kube-apiserver': version(server),
      'kube-controller-manager': version(controllerManager),
      kubectl: version(kubectl),
    };
    expect(findVersionSkew(versions)).toBeUndefined();
  });
});

describe('programs do not go with an API server', () => {
  it.each([
    ['when the controller manager is newer', 35, 36, 36, 'kube-controller-manager'],
    ['when the controller manager is two minors older', 36, 34, 36, 'kube-controller-manager'],
    ['when kubectl is two minors older', 36, 36, 34, 'kubectl'],
    ['when kubectl is two minors newer', 36, 36, 38, 'kubectl'],
  ])('%s', (_what, server, controllerManager, kubectl, misfit) => {
    const versions = {
      'kube-apiserver': version(server),
      'kube-controller-manager': version(controllerManager),
      kubectl: version(kubectl),
    };
    expect(findVersionSkew(versions)).toBe(misfit);
  });

  it('of another major', () => {
    const versions = {
      'kube-apiserver': version(36, 2),
      'kube-controller-manager': version(36),
      kubectl: version(36, 2),
    };
    expect(findVersionSkew(versions)).toBe('kube-controller-manager');
  });
});

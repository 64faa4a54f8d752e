import { describe, expect, test } from 'vitest';
import type { Question } from '../../../src/rules/check/finding.ts';
import { describeRight, type Right, unanswered } from '../../../src/rules/check/looked-up.ts';

const question: Question = { id: 'x', section: 'functions', title: 'all is well' };

describe('a right', () => {
  const table: readonly [right: Right, words: string][] = [
    [
      { verb: 'list', group: '', resource: 'pods', namespace: undefined },
      'list pods in all namespaces',
    ],
    [
      { verb: 'get', group: 'apps', resource: 'deployments', namespace: 'baas', name: 'x' },
      'get deployments.apps "x" in namespace "baas"',
    ],
    [
      {
        verb: 'list',
        group: '',
        resource: 'namespaces',
        namespace: undefined,
        isClusterWide: true,
      },
      'list namespaces',
    ],
    [
      { verb: 'update', group: 'a.io', resource: 'functions/finalizers', namespace: undefined },
      'update functions.a.io/finalizers in all namespaces',
    ],
    [
      { verb: 'create', group: '', resource: 'pods/eviction', namespace: 'shop' },
      'create pods/eviction in namespace "shop"',
    ],
  ];
  test.each(table)('%j is told as kubectl would', (right, words) => {
    expect(describeRight(right)).toBe(words);
  });
});

describe('what could not be looked at', () => {
  test('is a warning for want of a right, with the role to ask for', () => {
    const right = { verb: 'list', group: 'apps', resource: 'deployments', namespace: 'baas' };
    expect(unanswered(question, { kind: 'forbidden', right })).toEqual({
      ...question,
      level: 'warning',
      message: 'not looked at: you lack the right to list deployments.apps in namespace "baas"',
      hint: 'Ask for a Role that grants "list" on "deployments" of API group "apps", or let somebody run this who has one.',
    });
    const everywhere = { ...right, namespace: undefined };
    expect(unanswered(question, { kind: 'forbidden', right: everywhere }).hint).toContain(
      'a ClusterRole that grants',
    );
  });

  test('is an error where the API server has trouble', () => {
    expect(unanswered(question, { kind: 'failed', problem: '500 etcd is away' })).toMatchObject({
      level: 'error',
      message: 'could not be looked at: 500 etcd is away',
    });
  });
});

import { describe, expect, it } from 'vitest';
import {
  readExtraAnnotations,
  readExtraLabels,
  withExtraMetadata,
} from '../../../src/rules/proxy/extra-metadata.ts';
import { desired, theOne } from '../../support/desired.ts';
import { asyncServing, functionInMode, modes, versions } from '../../support/functions.ts';
import { deepFreeze, listAt, objectAt, pick } from '../../support/json.ts';

const extra = {
  labels: { team: 'checkout', 'example.com/tier': '' },
  annotations: { 'example.com/Owner': 'Ada, of checkout' },
};

describe('extra labels and annotations', () => {
  const cases = versions.flatMap((version) =>
    modes.map((mode) =>
      functionInMode(mode, {
        version,
        serving: asyncServing(version),
        annotations: { 'baas.openfunction.io/api-token': 'true' },
        metadata: { uid: 'u-1' },
      }),
    ),
  );

  it("are on every object that is kept, and on the proxy's pods", () => {
    for (const fn of cases) {
      for (const object of desired(fn, extra)) {
        expect(objectAt(object, 'metadata', 'labels')).toMatchObject(extra.labels);
        expect(objectAt(object, 'metadata', 'annotations')).toMatchObject(extra.annotations);
        if (object['kind'] !== 'Deployment') continue;
        const metadata = objectAt(object, 'spec', 'template', 'metadata');
        expect(metadata).toMatchObject(extra);
      }
    }
  });

  it('change nothing else: no selector, no field of another kind', () => {
    for (const fn of cases) {
      const plain = desired(fn);
      for (const [index, object] of desired(fn, extra).entries()) {
        const { metadata, spec, ...rest } = object;
        const before = plain[index] ?? {};
        expect(rest).toEqual({ ...before, metadata: undefined, spec: undefined });
        expect(pick(spec, 'selector')).toEqual(pick(before, 'spec', 'selector'));
        expect(pick(spec, 'podSelector')).toEqual(pick(before, 'spec', 'podSelector'));
        expect(pick(spec, 'ingress')).toEqual(pick(before, 'spec', 'ingress'));
        if (object['kind'] !== 'Deployment') expect(spec).toEqual(before['spec']);
        expect(pick(metadata, 'ownerReferences')).toEqual(
          pick(before, 'metadata', 'ownerReferences'),
        );
      }
    }
  });

  it('never take the place of what is written anyway, whoever let them in', () => {
    for (const fn of cases) {
      const plain = desired(fn);
      const written = plain.map((object) => objectAt(object, 'metadata'));
      const template = plain.map((object) => objectAt(object, 'spec', 'template', 'metadata'));
      const all = [...written, ...template];
      const clash = (member: string): Record<string, string> =>
        Object.fromEntries(
          all.flatMap((one) => Object.keys(objectAt(one, member)).map((key) => [key, 'clash'])),
        );
      const hostile = { labels: clash('labels'), annotations: clash('annotations') };
      for (const [index, object] of desired(fn, hostile).entries()) {
        expect(objectAt(object, 'metadata')).toMatchObject(written[index] ?? {});
        expect(objectAt(object, 'spec', 'template', 'metadata')).toMatchObject(
          template[index] ?? {},
        );
      }
    }
  });

  it('are no empty maps where there are none', () => {
    for (const fn of cases) {
      for (const object of desired(fn)) {
        const { annotations } = objectAt(object, 'metadata');
        if (annotations !== undefined) expect(annotations).not.toEqual({});
      }
    }
    const bare = { kind: 'Service', metadata: { name: 'a' } };
    expect(withExtraMetadata(bare, { labels: {}, annotations: {} })).toEqual(bare);
  });

  it('leave the given object as it is', () => {
    const deployment = deepFreeze(theOne(desired(functionInMode('standalone')), 'Deployment'));
    expect(() => withExtraMetadata(deployment, extra)).not.toThrow();
  });

  it("are not for a Component's spec, whatever it looks like", () => {
    const pubsub = { kafka: { type: 'pubsub.kafka', version: 'v1', template: { metadata: {} } } };
    const serving = { ...asyncServing('v1beta1'), pubsub };
    const component = theOne(desired(functionInMode('sidecar', { serving }), extra), 'Component');
    expect(pick(component, 'spec', 'template')).toEqual({ metadata: {} });
    expect(listAt(component, 'scopes')).toHaveLength(1);
  });
});

describe('a label or annotation to add', () => {
  it('may be any that is valid and nobody else needs', () => {
    expect(readExtraLabels(['a=', 'example.com/b=c', 'constructor=x'])).toEqual({
      value: { a: '', 'example.com/b': 'c', constructor: 'x' },
    });
    expect(readExtraAnnotations(['Example.com/a=b = c/🦀', 'x='])).toEqual({
      value: { 'Example.com/a': 'b = c/🦀', x: '' },
    });
  });

  it('is none that OpenFunction, Dapr or this project writes', () => {
    const keys = [
      'openfunction.io/function',
      'openfunction.io/proxy',
      'baas.openfunction.io/proxy',
      'core.openfunction.io/x',
      'dapr.io/enabled',
      'Dapr.io/enabled',
    ];
    for (const key of keys) {
      const problem = `"${key}" is for OpenFunction, Dapr and this project to write`;
      expect(readExtraAnnotations(['a=b', `${key}=x`])).toEqual({ problem });
      if (key === key.toLowerCase()) expect(readExtraLabels([`${key}=x`])).toEqual({ problem });
    }
    expect(readExtraLabels(['app.kubernetes.io/name=x'])).toHaveProperty('problem');
    expect(readExtraLabels(['example-dapr.io/x=x'])).toHaveProperty('value');
  });

  it.each([
    ['a', 'must be key=value; "a" is not'],
    ['=a', '"" cannot be the key of a label'],
    ['a b=c', '"a b" cannot be the key of a label'],
    ['a/b/c=d', '"a/b/c" cannot be the key of a label'],
    ['a/=d', '"a/" cannot be the key of a label'],
    ['/a=d', '"/a" cannot be the key of a label'],
    ['A.com/b=c', '"A.com/b" cannot be the key of a label'],
    ['__proto__=c', '"__proto__" cannot be the key of a label'],
    [`${'k'.repeat(64)}=c`, `"${'k'.repeat(64)}" cannot be the key of a label`],
    ['a=b c', '"b c" cannot be the value of a label'],
    ['a=b=c', '"b=c" cannot be the value of a label'],
    [`a=${'v'.repeat(64)}`, `"${'v'.repeat(64)}" cannot be the value of a label`],
  ])('is not %j', (member, problem) => {
    expect(readExtraLabels(['fine=x', member])).toEqual({ problem });
  });

  it('is there once', () => {
    expect(readExtraLabels(['a=1', 'a=2'])).toEqual({ problem: '"a" is there twice' });
  });
});

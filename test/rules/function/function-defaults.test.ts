import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/api/json.ts';
import { create, update } from '../../support/defaulting.ts';
import {
  daprServiceMode,
  enableDapr,
  functionOf,
  managerOwning,
  statusManager,
  v1beta1,
  v1beta2,
  versions,
  withOutput,
} from '../../support/functions.ts';
import { objectAt, wireCopy } from '../../support/json.ts';

/** The same JSON with every object's keys in reverse. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  );
}

/** `metadata` of a stored Function whose `spec.serving` somebody manages, but not these annotations. */
const defaultedMetadata: JsonObject = { managedFields: [managerOwning(), statusManager] };

describe('a Function that is only built', () => {
  it('is left alone', () => {
    for (const version of versions) {
      for (const serving of [undefined, null, 'serving', [], 5]) {
        const object = functionOf(version);
        objectAt(object, 'spec')['serving'] = serving;
        expect(create(object).patch).toEqual([]);
        expect(create(object).warnings).toEqual([]);
        expect(create(object).mode).toBe('disabled');
        expect(update(v1beta1(), object).patch).toEqual([]);
      }
      const { spec: _, ...withoutSpec } = functionOf(version);
      expect(create(withoutSpec).patch).toEqual([]);
    }
  });

  it('is defaulted as soon as it is to be served', () => {
    const built = v1beta1();
    delete objectAt(built, 'spec')['serving'];
    const served = v1beta1({ serving: withOutput('v1beta1') });
    expect(update(built, served).annotations).toEqual({
      [enableDapr]: 'true',
      [daprServiceMode]: 'standalone',
    });
  });
});

describe('an object that is no Function of a known version', () => {
  it('is left alone', () => {
    const serving = { spec: { serving: { outputs: [{ name: 'a' }] } } };
    const objects: JsonObject[] = [
      {},
      { apiVersion: 'core.openfunction.io/v1alpha2', kind: 'Function', ...serving },
      { apiVersion: 'core.openfunction.io/v1beta3', kind: 'Function', ...serving },
      { apiVersion: 'example.com/v1beta1', kind: 'Function', ...serving },
      { apiVersion: 'core.openfunction.io/v1beta1', kind: 'Serving', ...serving },
      { apiVersion: null, kind: ['Function'], ...serving },
    ];
    for (const object of objects) expect(create(object).patch).toEqual([]);
  });
});

describe('writing the defaults out', () => {
  it('makes the parents that are missing or null', () => {
    for (const version of versions) {
      for (const annotations of [undefined, null]) {
        const outcome = create(functionOf(version, { serving: withOutput(version), annotations }));
        expect(outcome.annotations).toEqual({
          [enableDapr]: 'true',
          [daprServiceMode]: 'standalone',
        });
      }
    }
  });

  it('adds beside the annotations that are there, whatever their keys hold', () => {
    const annotations = JSON.parse(
      '{"a/b~c": "~1", "~0": "", "": "empty", "__proto__": "own", "constructor": "own", "ключ": "значение"}',
    ) as JsonObject;
    for (const version of versions) {
      const outcome = create(functionOf(version, { serving: withOutput(version), annotations }));
      const { [enableDapr]: enable, [daprServiceMode]: mode, ...others } = outcome.annotations;
      expect(enable).toBe('true');
      expect(mode).toBe('standalone');
      expect(JSON.stringify(others)).toBe(JSON.stringify(annotations));
    }
  });

  it('escapes the slash of a key, so that it stays one key', () => {
    const outcome = create(v1beta1({ annotations: { team: 'checkout' } }));
    expect(outcome.patch).toEqual([
      {
        op: 'add',
        path: '/spec/serving/annotations/openfunction.io~1enable-dapr',
        value: 'false',
      },
    ]);
  });

  it('does not replace annotations that are no map, which is for the API server to refuse', () => {
    for (const annotations of [['a'], [], 'text', 5, true]) {
      const object = v1beta1({ serving: withOutput('v1beta1'), annotations });
      expect(create(object).object).toEqual(object);
    }
  });

  it('keeps every value that is there, be it allowed or not', () => {
    for (const value of ['', 'yes', 'TRUE', null, true, 5, {}, []]) {
      const annotations = { [enableDapr]: value, [daprServiceMode]: value };
      const object = v1beta1({ serving: withOutput('v1beta1'), annotations });
      expect(create(object).annotations).toEqual(annotations);
      expect(update(v1beta1(), object).annotations).toEqual(annotations);
    }
  });

  it('changes nothing but the two annotations', () => {
    const object = v1beta2({
      metadata: { labels: { a: 'b' }, finalizers: ['x'], unknown: { deep: [null] } },
      spec: { build: { builder: 'example.com/builder', env: { FUNC_NAME: 'F' } }, unknown: [1] },
      annotations: { 'dapr.io/log-level': 'debug' },
      serving: { ...withOutput('v1beta2'), template: { containers: [{ name: 'function' }] } },
    });
    const wanted = wireCopy(object);
    objectAt(wanted, 'spec', 'serving', 'annotations')[enableDapr] = 'true';
    objectAt(wanted, 'spec', 'serving', 'annotations')[daprServiceMode] = 'standalone';
    expect(create(object).object).toEqual(wanted);
  });
});

describe('a mode on a Function that Dapr is disabled for', () => {
  it('stays, with a warning that it is ignored', () => {
    for (const version of versions) {
      for (const mode of ['standalone', 'sidecar']) {
        const annotations = { [enableDapr]: 'false', [daprServiceMode]: mode };
        const object = functionOf(version, { annotations, serving: withOutput(version) });
        const created = create(object);
        expect(created.object).toEqual(object);
        expect(created.warnings).toEqual([
          'spec.serving.annotations[openfunction.io/dapr-service-mode]: ignored, because Dapr is disabled for this Function; set openfunction.io/enable-dapr to "true" to use it',
        ]);
        expect(update(functionOf(version), object).warnings).toEqual(created.warnings);
      }
    }
  });

  it('is never written', () => {
    expect(create(v1beta1()).annotations).toEqual({ [enableDapr]: 'false' });
    expect(create(v1beta1({ annotations: { [enableDapr]: 'false' } })).patch).toEqual([]);
  });
});

describe('an update that leaves spec.serving as it is', () => {
  it('patches nothing, in whatever order the keys come', () => {
    for (const version of versions) {
      const stored = functionOf(version, {
        annotations: { a: 'b', c: 'd' },
        serving: { ...withOutput(version), params: { A: '1', B: '2' } },
        metadata: defaultedMetadata,
      });
      expect(update(stored, reversed(stored) as JsonObject).patch).toEqual([]);
    }
  });

  it('does not default a Function that is older than this webhook when only a label changes', () => {
    for (const version of versions) {
      const stored = functionOf(version, { serving: withOutput(version) });
      const labelled = functionOf(version, {
        serving: withOutput(version),
        metadata: { labels: { team: 'checkout' }, ...defaultedMetadata },
      });
      expect(update(stored, labelled).patch).toEqual([]);
    }
  });

  it('does not derive a former default again', () => {
    const stored = v1beta1({
      annotations: { [enableDapr]: 'false' },
      serving: withOutput('v1beta1'),
      metadata: defaultedMetadata,
    });
    expect(update(stored, stored).patch).toEqual([]);
  });

  it('still warns of a mode that is ignored', () => {
    const stored = v1beta1({
      annotations: { [daprServiceMode]: 'sidecar', [enableDapr]: 'false' },
    });
    expect(update(stored, stored).warnings).toHaveLength(1);
  });

  it('tells a list in another order from an unchanged one', () => {
    const one = { dapr: { name: 'a' } };
    const other = { dapr: { name: 'b' } };
    const stored = v1beta2({ serving: { outputs: [one, other] } });
    const object = v1beta2({ serving: { outputs: [other, one] } });
    expect(update(stored, object).patch).not.toEqual([]);
  });
});

describe('an update of a Function that is older than this webhook', () => {
  it('is defaulted when it touches spec.serving', () => {
    const stored = v1beta1({ serving: withOutput('v1beta1') });
    const object = v1beta1({ serving: { ...withOutput('v1beta1'), params: { A: '1' } } });
    expect(update(stored, object).annotations).toEqual({
      [enableDapr]: 'true',
      [daprServiceMode]: 'standalone',
    });
  });
});

describe('a default that this webhook once wrote', () => {
  for (const version of versions) {
    const disabled = { [enableDapr]: 'false' };
    const enabled = { [enableDapr]: 'true', [daprServiceMode]: 'standalone' };

    it(`follows the backends when they come and when they go (${version})`, () => {
      const plain = functionOf(version, { metadata: defaultedMetadata });
      const stored = functionOf(version, { metadata: defaultedMetadata, annotations: disabled });
      const withBackends = functionOf(version, {
        metadata: defaultedMetadata,
        annotations: disabled,
        serving: withOutput(version),
      });
      expect(create(plain).object).toEqual(stored);

      const grown = update(stored, withBackends);
      expect(grown.annotations).toEqual(enabled);
      expect(grown.mode).toBe('standalone');

      const withoutBackends = functionOf(version, {
        metadata: defaultedMetadata,
        annotations: enabled,
      });
      const shrunk = update(grown.object, withoutBackends);
      // Patches take nothing away: the mode stays, and somebody is told that it says nothing now.
      expect(shrunk.annotations).toEqual({ ...disabled, [daprServiceMode]: 'standalone' });
      expect(shrunk.mode).toBe('disabled');
      expect(shrunk.warnings).toEqual([expect.stringContaining('ignored')]);
    });

    it(`is known by that nobody manages it, whoever manages the status (${version})`, () => {
      for (const managedFields of [
        [statusManager],
        [managerOwning('other')],
        [managerOwning(), statusManager, { manager: 'somebody', operation: 'Apply' }],
      ]) {
        const stored = functionOf(version, { metadata: { managedFields }, annotations: disabled });
        const object = functionOf(version, {
          metadata: { managedFields },
          annotations: disabled,
          serving: withOutput(version),
        });
        expect(update(stored, object).annotations).toEqual(enabled);
      }
    });
  }

  it('gives way when the user turns Dapr off', () => {
    const stored = create(v1beta1({ serving: withOutput('v1beta1') })).object;
    const object = v1beta1({
      metadata: { managedFields: [managerOwning(enableDapr)] },
      annotations: { [enableDapr]: 'false', [daprServiceMode]: 'standalone' },
      serving: withOutput('v1beta1'),
    });
    const outcome = update(stored, object);
    expect(outcome.annotations[enableDapr]).toBe('false');
    expect(outcome.mode).toBe('disabled');
  });

  it('is written again when the user takes the own value away', () => {
    const stored = v1beta1({
      annotations: { [enableDapr]: 'true', [daprServiceMode]: 'sidecar' },
      serving: withOutput('v1beta1'),
    });
    const object = v1beta1({
      annotations: { [enableDapr]: 'true' },
      serving: withOutput('v1beta1'),
    });
    expect(update(stored, object).annotations).toEqual({
      [enableDapr]: 'true',
      [daprServiceMode]: 'standalone',
    });
  });
});

describe("a value that is the user's", () => {
  const annotations = { [enableDapr]: 'false' };

  function afterOutputsCame(metadata: JsonObject, value: JsonObject = annotations) {
    const stored = v1beta1({ metadata, annotations: value });
    const object = v1beta1({ metadata, annotations: value, serving: withOutput('v1beta1') });
    return update(stored, object);
  }

  it('stays when a manager owns it', () => {
    for (const managedFields of [
      [managerOwning(enableDapr)],
      [statusManager, managerOwning(), managerOwning('a', enableDapr, 'b')],
    ]) {
      expect(afterOutputsCame({ managedFields }).annotations).toEqual(annotations);
    }
  });

  it('stays when nothing tells whose it is', () => {
    const unreadable = [undefined, null, [], {}, 'managed', 5, [null], ['a', 5, []]];
    for (const managedFields of unreadable) {
      expect(afterOutputsCame({ managedFields }).annotations).toEqual(annotations);
    }
  });

  it('is told from the other annotation, which may be a default', () => {
    const value = { [enableDapr]: 'true', [daprServiceMode]: 'standalone' };
    const metadata = { managedFields: [managerOwning(enableDapr)] };
    const stored = v1beta1({ metadata, annotations: value, serving: withOutput('v1beta1') });
    const object = v1beta1({ metadata, annotations: value });
    expect(update(stored, object).annotations).toEqual(value);
    expect(update(stored, object).mode).toBe('standalone');
  });

  it('stays when this webhook never writes such a value', () => {
    const value = { [enableDapr]: 'on', [daprServiceMode]: 'sidecar' };
    expect(afterOutputsCame(defaultedMetadata, value).annotations).toEqual(value);
  });

  it('stays when the manifest that kubectl last applied states it', () => {
    const manifest = JSON.stringify(v1beta1({ annotations }));
    const lastApplied = {
      ...defaultedMetadata,
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': manifest },
    };
    expect(afterOutputsCame(lastApplied).annotations).toEqual(annotations);
  });

  it('is none when the manifest that kubectl last applied does not state it', () => {
    const manifests = [
      JSON.stringify(v1beta1()),
      JSON.stringify(v1beta1({ annotations: { [enableDapr]: 'true' } })),
      'no JSON',
      'null',
      '[]',
      '',
    ];
    for (const manifest of manifests) {
      const metadata = {
        ...defaultedMetadata,
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': manifest },
      };
      expect(afterOutputsCame(metadata).annotations[enableDapr]).toBe('true');
    }
  });
});

describe('applying one manifest twice', () => {
  for (const version of versions) {
    const manifest = functionOf(version, { serving: withOutput(version) });

    it(`changes nothing with replace, where the defaults are missing again (${version})`, () => {
      const stored = create(manifest).object;
      expect(update(stored, manifest).object).toEqual(stored);
    });

    it(`changes nothing with apply, where they are still there (${version})`, () => {
      const stored = create({
        ...manifest,
        metadata: { ...objectAt(manifest, 'metadata'), ...defaultedMetadata },
      }).object;
      expect(update(stored, stored).patch).toEqual([]);
    });

    it(`changes nothing when it is created anew (${version})`, () => {
      const stored = create(manifest).object;
      expect(create(stored).patch).toEqual([]);
    });
  }
});

import { describe, expect, it } from 'vitest';
import { effectiveMode, enabledByDefault } from '../../src/rules/effective-mode.ts';
import { cases } from '../support/decision-table.ts';
import {
  daprServiceMode,
  enableDapr,
  functionOf,
  modelOf,
  v1beta1,
  v1beta2,
  versions,
  withOutput,
} from '../support/functions.ts';

function modeOf(object: ReturnType<typeof v1beta1>): string {
  return effectiveMode(modelOf(object).serving).mode;
}

describe('the effective mode of a stored Function', () => {
  it.each(cases)(
    'is $effective: $version with $called, enable-dapr $enable, mode $mode',
    ({ version, serving, annotations, effective }) => {
      expect(modeOf(functionOf(version, { annotations, serving }))).toBe(effective);
    },
  );

  it('covers every combination once', () => {
    const names = cases.map(({ version, called, enable, mode }) =>
      [version, called, enable, mode].join('/'),
    );
    expect(new Set(names).size).toBe(names.length);
    expect(names).toHaveLength(16 * 4 * 4);
  });

  it('is disabled for a Function that is only built', () => {
    expect(effectiveMode(undefined).mode).toBe('disabled');
  });

  it('names the annotations whose stored value is invalid, and only those', () => {
    for (const version of versions) {
      const decide = (annotations: Record<string, string>) =>
        effectiveMode(modelOf(functionOf(version, { annotations })).serving).invalid;
      expect(decide({ [enableDapr]: 'True' })).toEqual([enableDapr]);
      expect(decide({ [daprServiceMode]: 'Sidecar' })).toEqual([daprServiceMode]);
      expect(decide({ [enableDapr]: '', [daprServiceMode]: '' })).toEqual([
        enableDapr,
        daprServiceMode,
      ]);
      expect(decide({ [enableDapr]: 'true', [daprServiceMode]: 'sidecar' })).toEqual([]);
      expect(decide({})).toEqual([]);
    }
  });

  it('takes every spelling that is not exactly the allowed one for unset', () => {
    for (const value of ['', 'True', 'TRUE', ' true', 'true ', '1', 'yes', 'on', 'falsch']) {
      expect(modeOf(v1beta1({ annotations: { [enableDapr]: value } }))).toBe('disabled');
      expect(
        modeOf(v1beta1({ annotations: { [enableDapr]: value }, serving: withOutput('v1beta1') })),
      ).toBe('standalone');
    }
    for (const value of ['', 'Sidecar', 'SIDECAR', 'sidecar ', 'proxy', 'none']) {
      expect(
        modeOf(v1beta1({ annotations: { [enableDapr]: 'true', [daprServiceMode]: value } })),
      ).toBe('standalone');
    }
  });

  it('reads spec.serving.annotations and not those of the Function itself', () => {
    const metadata = { annotations: { [enableDapr]: 'true', [daprServiceMode]: 'sidecar' } };
    expect(modeOf(v1beta1({ metadata }))).toBe('disabled');
    expect(modeOf(v1beta2({ metadata, serving: withOutput('v1beta2') }))).toBe('standalone');
  });

  it('says in words which rule decided', () => {
    for (const { version, serving, annotations } of cases) {
      const { because } = effectiveMode(
        modelOf(functionOf(version, { annotations, serving })).serving,
      );
      expect(because).toMatch(/openfunction\.io\/enable-dapr is (unset|"true"|"false")/);
    }
  });
});

describe('the default of enable-dapr', () => {
  it('is "true" just when the Function has backends', () => {
    for (const { version, serving, has } of cases) {
      const model = modelOf(functionOf(version, { serving })).serving;
      expect(model && enabledByDefault(model)).toBe(has === 'yes' ? 'true' : 'false');
    }
  });
});

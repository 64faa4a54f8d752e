import { quote } from '../function/problem.ts';
import { isLabelKey, isLabelValue } from '../names.ts';
import type { Reading } from './reading.ts';

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] as const;

/** A toleration of a Pod. */
export interface Toleration {
  /** Absent for every taint. */
  readonly key?: string;
  readonly operator: 'Equal' | 'Exists';
  readonly value?: string;
  /** Absent for every effect. */
  readonly effect?: (typeof effects)[number];
  readonly tolerationSeconds?: number;
}

const shape = /^([^=:]+)(?:=([^=:]*))?(?::([^:]+)(?::(\d{1,9}))?)?$/;
const form = 'key=value:Effect, key:Effect, key, or * for every taint';

/**
 * Reads tolerations in the short form in which kubectl writes taints:
 * `key=value:Effect`; without `=value` whatever the value is, without `:Effect`
 * whatever the effect is, with `*` as key every taint, with `:SECONDS` after
 * `NoExecute` for so long.
 */
export function readTolerations(members: readonly string[]): Reading<readonly Toleration[]> {
  const tolerations: Toleration[] = [];
  for (const member of members) {
    const reading = readToleration(member);
    if ('problem' in reading) return reading;
    tolerations.push(reading.value);
  }
  return { value: tolerations };
}

function readToleration(text: string): Reading<Toleration> {
  const [, key = '', value, effectText, secondsText] = shape.exec(text) ?? [];
  const isEvery = key === '*' && value === undefined;
  if (!isEvery && !(isLabelKey(key) && isLabelValue(value ?? ''))) {
    return { problem: `must be ${form}; ${quote(text)} is not` };
  }
  const effect = effects.find((one) => one === effectText);
  if (effectText !== undefined && effect === undefined) {
    return { problem: `has an unknown effect in ${quote(text)}; there are ${effects.join(', ')}` };
  }
  if (secondsText !== undefined && effect !== 'NoExecute') {
    return { problem: `has seconds in ${quote(text)}, which go with NoExecute alone` };
  }
  return {
    value: {
      ...(isEvery ? {} : { key }),
      ...(value === undefined ? { operator: 'Exists' } : { operator: 'Equal', value }),
      ...(effect === undefined ? {} : { effect }),
      ...(secondsText === undefined ? {} : { tolerationSeconds: Number(secondsText) }),
    },
  };
}

import { quote } from '../function/problem.ts';
import { isDnsSubdomain } from '../names.ts';
import type { Reading } from './reading.ts';

/** How the plain settings of a proxy are written: on the command line, in a file, in an annotation. */

/** The word that leaves the number of pods to an autoscaler. */
const unmanaged = 'unmanaged';
const maxReplicas = 100;

export function readSwitch(text: string): Reading<boolean> {
  return text === 'true' || text === 'false'
    ? { value: text === 'true' }
    : { problem: 'must be true or false' };
}

export function readImage(text: string): Reading<string> {
  return /^\S+$/.test(text)
    ? { value: text }
    : { problem: 'must be an image reference without spaces' };
}

export function readReplicas(text: string): Reading<number | 'unmanaged'> {
  if (text === unmanaged) return { value: unmanaged };
  return /^\d{1,3}$/.test(text) && Number(text) <= maxReplicas
    ? { value: Number(text) }
    : { problem: `must be a number from 0 to ${maxReplicas}, or ${unmanaged}` };
}

/** Reads the name of a PriorityClass; an empty one is none. */
export function readPriorityClass(text: string): Reading<string | undefined> {
  if (text === '') return { value: undefined };
  return isDnsSubdomain(text)
    ? { value: text }
    : { problem: 'must be the name of a PriorityClass' };
}

/** Reads names of Secrets, each once: two of one name are refused by server-side apply. */
export function readSecretNames(members: readonly string[]): Reading<readonly string[]> {
  const wrong = members.find((name) => !isDnsSubdomain(name));
  return wrong === undefined
    ? { value: [...new Set(members)] }
    : { problem: `must be names of Secrets; ${quote(wrong)} is none` };
}

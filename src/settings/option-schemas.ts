import { z } from 'zod';
import { isDnsLabel, isDnsSubdomain } from '../rules/names.ts';
import type { Reading } from '../rules/proxy/reading.ts';
import { readSwitch } from '../rules/proxy/setting-readers.ts';

/** Schemas that several options share. */

/**
 * A text that one of the rules reads; what the command line accepts, an annotation accepts
 * too. Its default goes into `prefault`, as text: `default` would replace an undefined
 * outcome as well, which is what a reader makes of `none`.
 */
export function readBy<Value>(read: (text: string) => Reading<Value>) {
  return z.string().transform((text, context): Value => taken(read(text), context));
}

/** The same for the texts of a list. */
export function readListBy<Value>(read: (members: readonly string[]) => Reading<Value>) {
  return z.array(z.string()).transform((texts, context): Value => taken(read(texts), context));
}

function taken<Value>(reading: Reading<Value>, context: z.RefinementCtx): Value {
  if ('value' in reading) return reading.value;
  context.addIssue({ code: 'custom', message: reading.problem });
  return z.NEVER;
}

/** @param what it names, as in `must be the name of a namespace` */
export function labelNameSchema(what: string) {
  return z.string().refine((name) => isDnsLabel(name), { error: `must be the name of ${what}` });
}

/** The same for what may have dots in its name. */
export function subdomainNameSchema(what: string) {
  return z.string().refine(isDnsSubdomain, { error: `must be the name of ${what}` });
}

export function switchSchema(fallback: boolean) {
  return readBy(readSwitch).default(fallback);
}

export function wholeNumberSchema(least: number, most: number, fallback: number) {
  const message = `must be a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, message)
    .transform(Number)
    .pipe(z.number().min(least, message).max(most, message))
    .default(fallback);
}

export function portSchema(fallback: number) {
  return z
    .string()
    .regex(/^\d{1,5}$/, 'must be a port number from 0 to 65535')
    .transform(Number)
    .pipe(z.number().max(65535, 'must be a port number from 0 to 65535'))
    .default(fallback);
}

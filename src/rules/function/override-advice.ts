import type { FunctionModel } from '../../api/function.ts';
import { asObject, at, type JsonObject, own } from '../../api/json.ts';
import {
  describeOverrideProblem,
  overrideAnnotations,
  proxyOverrideProblems,
} from '../proxy/proxy-settings.ts';
import { annotationPath, describeProblem, notAString } from './problem.ts';

/**
 * What is wrong with the settings that a Function overrides. Never more than
 * advice: such an override counts as unset, and the cluster's setting holds.
 *
 * @param object the Function that `fn` was read from, where a value may be no string
 */
export function overrideAdvice(object: JsonObject, fn: FunctionModel): string[] {
  const annotations = asObject(at(object, 'spec', 'serving', 'annotations'));
  const unquoted = overrideAnnotations.flatMap((annotation) => {
    const value = own(annotations, annotation);
    if (value === undefined || typeof value === 'string') return [];
    return [describeProblem(notAString(annotationPath(annotation), value))];
  });
  return [...unquoted, ...proxyOverrideProblems(fn).map(describeOverrideProblem)];
}

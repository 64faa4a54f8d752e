import type { FunctionModel } from '../api/function.ts';
import type { ServingReference } from '../api/serving.ts';
import type { ComponentLookup } from '../rules/context/component-lookup.ts';

/**
 * What admission may ask about the Functions around a request. Everything but
 * `waitFor` and the two reads answers from memory.
 */
export interface FunctionSource {
  function(namespace: string, name: string): FunctionModel | undefined;
  serving(namespace: string, name: string): ServingReference | undefined;
  /** Names of a Function's Servings. */
  servingsOf(namespace: string, functionName: string): readonly string[];
  /** The Dapr Components of a namespace. */
  components(namespace: string): ComponentLookup;
  /** Resolves with what `find` returns as soon as that is something, or with undefined when the time is up. */
  waitFor<Found>(find: () => Found | undefined, timeoutMs: number): Promise<Found | undefined>;
  /** Asks the source itself, past the memory. Rejects when it cannot answer in time. */
  readFunction(
    namespace: string,
    name: string,
    signal: AbortSignal,
  ): Promise<FunctionModel | undefined>;
  readServing(
    namespace: string,
    name: string,
    signal: AbortSignal,
  ): Promise<ServingReference | undefined>;
}

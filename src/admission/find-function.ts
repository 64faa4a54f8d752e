import type { FunctionModel } from '../api/function.ts';
import type { PodClaim } from '../rules/pod/pod-function.ts';
import type { FunctionSource } from './function-source.ts';

/** How long a miss waits for the memory: Function and Pod may come in one `kubectl apply`. */
const storeWaitMs = 100;

/** How long the one read from the API server may take; together with the wait well inside the webhook's timeout. */
const readTimeoutMs = 500;

/**
 * The Function that a Pod claims: from memory, and then at once; failing that,
 * memory once more for a short while; failing that, one read from the API server.
 *
 * @returns undefined when it is still unknown, or could not be asked for in time
 */
export function findFunction(
  source: FunctionSource,
  namespace: string,
  claim: PodClaim,
): FunctionModel | Promise<FunctionModel | undefined> {
  const inMemory = (): FunctionModel | undefined => {
    const name =
      claim.kind === 'function' ? claim.name : source.serving(namespace, claim.name)?.function;
    return name === undefined ? undefined : source.function(namespace, name);
  };
  const later = async (): Promise<FunctionModel | undefined> =>
    (await source.waitFor(inMemory, storeWaitMs)) ?? readThrough(source, namespace, claim);
  return inMemory() ?? later();
}

async function readThrough(
  source: FunctionSource,
  namespace: string,
  claim: PodClaim,
): Promise<FunctionModel | undefined> {
  const signal = AbortSignal.timeout(readTimeoutMs);
  try {
    const name =
      claim.kind === 'function'
        ? claim.name
        : (
            source.serving(namespace, claim.name) ??
            (await source.readServing(namespace, claim.name, signal))
          )?.function;
    if (name === undefined) return undefined;
    return source.function(namespace, name) ?? (await source.readFunction(namespace, name, signal));
  } catch {
    // Unreachable, slow or forbidden: the Pod is admitted as it is, and the source reports its own trouble.
    return undefined;
  }
}

import type { FunctionSource } from '../../admission/function-source.ts';
import type { ObjectIndex } from './object-index.ts';

/** A source that is its memory: there is nothing behind it that a read could reach. */
export function memorySource(index: ObjectIndex): FunctionSource {
  return {
    function: (namespace, name) => index.function(namespace, name),
    serving: (namespace, name) => index.serving(namespace, name),
    servingsOf: (namespace, name) => index.servingsOf(namespace, name),
    components: (namespace) => index.componentLookup(namespace),
    waitFor: (find, timeoutMs) => index.waitFor(find, timeoutMs),
    readFunction: async (namespace, name) => index.function(namespace, name),
    readServing: async (namespace, name) => index.serving(namespace, name),
  };
}

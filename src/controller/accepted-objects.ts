import type { FunctionModel } from '../api/function.ts';
import type { ObservedObject } from '../rules/reconcile/observed-object.ts';
import { type ObjectAddress, objectKey } from './object-key.ts';

interface Accepted {
  readonly functionUid: string;
  readonly wanted: string;
  readonly made: string | undefined;
}

/**
 * What the API server made of wanted objects, where that is something else: what
 * it left out, or a webhook changed. To write those again would change nothing.
 */
export class AcceptedObjects {
  readonly #accepted = new Map<string, Accepted>();

  /** Takes note of what a write made. */
  wrote({ uid }: FunctionModel, wanted: string, made: ObservedObject): void {
    const key = objectKey(made);
    if (made.fingerprint === wanted) this.#accepted.delete(key);
    else this.#accepted.set(key, { functionUid: uid ?? '', wanted, made: made.fingerprint });
  }

  /** Whether the observed object is what the API server made of the wanted one. */
  has(observed: ObservedObject, wanted: string): boolean {
    const accepted = this.#accepted.get(objectKey(observed));
    return (
      accepted !== undefined && accepted.wanted === wanted && accepted.made === observed.fingerprint
    );
  }

  delete(address: ObjectAddress): void {
    this.#accepted.delete(objectKey(address));
  }

  /** The Function is gone. */
  forget(uid: string): void {
    for (const [object, { functionUid }] of this.#accepted) {
      if (functionUid === uid) this.#accepted.delete(object);
    }
  }
}

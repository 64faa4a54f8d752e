import type { FunctionModel } from '../../api/function.ts';
import type { ObservedPod } from '../../rules/reconcile/observed-pod.ts';
import type { KubernetesFunctionSource, SourceChange } from './kubernetes-function-source.ts';

type Claim = ObservedPod['claim'];

/** Who is told that a Function has to be looked at. */
export interface WakeFunctions {
  /** A Function whose surroundings changed. */
  readonly wake: (namespace: string, name: string) => void;
  /** A Function whose pods changed: they come and go in crowds, and one look at many is enough. */
  readonly wakeSoon: (namespace: string, name: string) => void;
  /** Anything may have changed. */
  readonly wakeAll: () => void;
}

export interface FunctionsToWakeOptions extends WakeFunctions {
  readonly source: Pick<KubernetesFunctionSource, 'functions' | 'serving'>;
}

/** Which Functions a change in the cluster is about. */
export class FunctionsToWake {
  readonly #options: FunctionsToWakeOptions;

  constructor(options: FunctionsToWakeOptions) {
    this.#options = options;
  }

  /** Something changed about Functions, Servings or Components. */
  wakeFor(change: SourceChange): void {
    const { wake, wakeAll } = this.#options;
    switch (change.resource) {
      case 'all':
        wakeAll();
        return;
      case 'functions':
        for (const { namespace, name } of change.items) wake(namespace, name);
        return;
      case 'servings':
        for (const serving of change.items) {
          if (serving.function !== undefined) wake(serving.namespace, serving.function);
        }
        return;
      case 'components':
        for (const component of change.items) {
          if (component.serving !== undefined) {
            this.wakeClaimed(component.namespace, { kind: 'serving', name: component.serving });
          }
          this.#wakeUsersOf(component.namespace, component.name);
        }
    }
  }

  wakeClaimed(namespace: string, claim: Claim): void {
    const name = this.#claimedBy(namespace, claim);
    if (name !== undefined) this.#options.wake(namespace, name);
  }

  wakeSoonClaimed(namespace: string, claim: Claim): void {
    const name = this.#claimedBy(namespace, claim);
    if (name !== undefined) this.#options.wakeSoon(namespace, name);
  }

  /** Name of the Function that a claim means. */
  #claimedBy(namespace: string, { kind, name }: Claim): string | undefined {
    return kind === 'function' ? name : this.#options.source.serving(namespace, name)?.function;
  }

  /** Functions that name a Component which somebody else made. */
  #wakeUsersOf(namespace: string, component: string): void {
    for (const fn of this.#options.source.functions()) {
      if (fn.namespace === namespace && usesComponent(fn, component)) {
        this.#options.wake(namespace, fn.name);
      }
    }
  }
}

function usesComponent(fn: FunctionModel, component: string): boolean {
  const { serving } = fn;
  if (serving === undefined) return false;
  return [serving.inputs, serving.passiveInputs, serving.outputs, serving.states].some((uses) =>
    uses.some((use) => use.component === component),
  );
}

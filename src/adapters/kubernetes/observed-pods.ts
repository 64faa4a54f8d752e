import type { ObservedPod } from '../../rules/reconcile/observed-pod.ts';
import { Table } from '../store/object-index.ts';

type Claim = ObservedPod['claim'];

/** A Pod, and which watch it came from: with an empty label it is not the one of its claim. */
interface WatchedPod extends ObservedPod {
  readonly watch: Claim['kind'];
}

/** Function pods, by what they claim; two watches fill it, one for each label that makes a claim. */
export class ObservedPods {
  readonly #table = new Table<WatchedPod>(({ claim }) => groupOf(claim));
  readonly #onChange: (pod: ObservedPod) => void;

  /** @param onChange called after a change that a Function's reconcile has to look at */
  constructor(onChange: (pod: ObservedPod) => void) {
    this.#onChange = onChange;
  }

  get(namespace: string, name: string): ObservedPod | undefined {
    return this.#table.get(namespace, name);
  }

  values(): Iterable<ObservedPod> {
    return this.#table.values();
  }

  claiming(namespace: string, claim: Claim): readonly ObservedPod[] {
    return this.#table.group(namespace, groupOf(claim));
  }

  saw(watch: Claim['kind'], pod: ObservedPod): void {
    const before = this.#table.get(pod.namespace, pod.name);
    this.#table.set({ ...pod, watch });
    const isNews =
      before?.uid !== pod.uid || before.mode !== pod.mode || before.isDeleting !== pod.isDeleting;
    if (isNews) this.#onChange(pod);
  }

  /** A Pod that one watch no longer has; the other may have it now. */
  sawDeleted(watch: Claim['kind'], namespace: string, name: string): void {
    const before = this.#table.get(namespace, name);
    if (before?.watch !== watch) return;
    this.#table.delete(namespace, name);
    this.#onChange(before);
  }

  /** All Pods that one watch has. */
  replace(watch: Claim['kind'], pods: readonly ObservedPod[]): void {
    const others = [...this.#table.values()].filter((pod) => pod.watch !== watch);
    this.#table.replace([...others, ...pods.map((pod) => ({ ...pod, watch }))]);
  }
}

function groupOf({ kind, name }: Claim): string {
  return `${kind} ${name}`;
}

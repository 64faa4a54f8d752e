import type { ComponentModel } from '../../api/component.ts';

/** The Dapr Components of one namespace, as far as they are known. */
export interface ComponentLookup {
  /**
   * Stands for all that the lookup knows: while it is the same object, every
   * answer is the same. Where it is missing, nothing is known of that.
   */
  readonly state?: object;
  byName(name: string): ComponentModel | undefined;
  /** Those that OpenFunction made for a Serving. */
  ofServing(serving: string): readonly ComponentModel[];
}

/** For where no cluster and no files tell of any Component. */
export const noComponents: ComponentLookup = {
  state: {},
  byName: () => undefined,
  ofServing: () => [],
};

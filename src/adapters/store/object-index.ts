import type { ComponentModel } from '../../api/component.ts';
import type { FunctionModel } from '../../api/function.ts';
import type { ServingReference } from '../../api/serving.ts';
import type { ComponentLookup } from '../../rules/context/component-lookup.ts';

/** Whatever has a name in a namespace. */
interface Named {
  readonly namespace: string;
  readonly name: string;
}

/**
 * Functions, Servings and Components in memory, and who is waiting for one.
 *
 * It is filled by a source (an API server, or files) and read by admission. Kept
 * are the models alone: what the rules never look at takes no memory.
 */
export class ObjectIndex {
  readonly functions = new Table<FunctionModel>();
  readonly servings = new Table<ServingReference>((serving) => serving.function);
  readonly components = new Table<ComponentModel>((component) => component.serving);
  readonly #waiting = new Set<() => void>();

  constructor() {
    for (const table of [this.functions, this.servings, this.components]) {
      table.onChange = () => this.#wake();
    }
  }

  function(namespace: string, name: string): FunctionModel | undefined {
    return this.functions.get(namespace, name);
  }

  serving(namespace: string, name: string): ServingReference | undefined {
    return this.servings.get(namespace, name);
  }

  servingsOf(namespace: string, functionName: string): readonly string[] {
    return this.servings.group(namespace, functionName).map(({ name }) => name);
  }

  componentLookup(namespace: string): ComponentLookup {
    return {
      state: this.components.state,
      byName: (name) => this.components.get(namespace, name),
      ofServing: (serving) => this.components.group(namespace, serving),
    };
  }

  /** Resolves with what `find` returns as soon as that is something, or with undefined when the time is up. */
  waitFor<Found>(find: () => Found | undefined, timeoutMs: number): Promise<Found | undefined> {
    return new Promise((resolve) => {
      const end = (found: Found | undefined): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(found);
      };
      const look = (): void => {
        const found = find();
        if (found !== undefined) end(found);
      };
      const timer = setTimeout(() => end(undefined), timeoutMs);
      this.#waiting.add(look);
      look();
    });
  }

  #wake(): void {
    for (const look of this.#waiting) look();
  }
}

/** Objects of one kind by namespace and name, and optionally by a group they belong to. */
export class Table<Item extends Named> {
  readonly #items = new Map<string, Item>();
  readonly #groups = new Map<string, Map<string, Item>>();
  readonly #groupOf: (item: Item) => string | undefined;
  /** Called after something was set. */
  onChange: () => void = () => undefined;
  #state: object = {};

  constructor(groupOf: (item: Item) => string | undefined = () => undefined) {
    this.#groupOf = groupOf;
  }

  get size(): number {
    return this.#items.size;
  }

  /** Another object after every change. */
  get state(): object {
    return this.#state;
  }

  values(): Iterable<Item> {
    return this.#items.values();
  }

  get(namespace: string, name: string): Item | undefined {
    return this.#items.get(keyOf(namespace, name));
  }

  /** Members of a group, by name, so that the order does not depend on who came first. */
  group(namespace: string, group: string): Item[] {
    const members = this.#groups.get(keyOf(namespace, group));
    return members === undefined
      ? []
      : [...members.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  set(item: Item): void {
    this.#put(item);
    this.onChange();
  }

  delete(namespace: string, name: string): void {
    const key = keyOf(namespace, name);
    const item = this.#items.get(key);
    if (item === undefined) return;
    this.#items.delete(key);
    const group = this.#groupOf(item);
    if (group === undefined) return;
    const groupKey = keyOf(namespace, group);
    const members = this.#groups.get(groupKey);
    members?.delete(key);
    if (members?.size === 0) this.#groups.delete(groupKey);
  }

  /** Makes these the whole content, in one step: no reader sees a half-filled table. */
  replace(items: Iterable<Item>): void {
    this.#items.clear();
    this.#groups.clear();
    this.#state = {};
    for (const item of items) this.#put(item);
    this.onChange();
  }

  #put(item: Item): void {
    this.delete(item.namespace, item.name);
    const key = keyOf(item.namespace, item.name);
    this.#items.set(key, item);
    this.#state = {};
    const group = this.#groupOf(item);
    if (group === undefined) return;
    const groupKey = keyOf(item.namespace, group);
    const members = this.#groups.get(groupKey) ?? new Map<string, Item>();
    members.set(key, item);
    this.#groups.set(groupKey, members);
  }
}

/** Neither namespaces nor names hold a slash. */
function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

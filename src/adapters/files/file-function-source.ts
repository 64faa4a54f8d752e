import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { FunctionSource } from '../../admission/function-source.ts';
import { readComponent } from '../../api/component.ts';
import { readFunction } from '../../api/function.ts';
import { readServing } from '../../api/serving.ts';
import type { Logger } from '../log.ts';
import { memorySource } from '../store/memory-source.ts';
import { ObjectIndex } from '../store/object-index.ts';
import { fingerprintOf, listFiles } from './list-files.ts';
import { type FileObject, readFiles } from './read-objects.ts';

/** Objects that name no namespace stand in this one, as with kubectl. */
const defaultNamespace = 'default';

/** How often it is looked whether a file changed. Notifications miss what happens behind links and mounts. */
const lookMs = 300;

/**
 * Functions, Servings and Components from files, read again when they change.
 * A file that cannot be read any more keeps what it last held.
 */
export class FileFunctionSource {
  readonly #index = new ObjectIndex();
  readonly #paths: readonly string[];
  readonly #log: Logger;
  /** What each file held when it was last readable. */
  readonly #contents = new Map<string, readonly FileObject[]>();
  readonly #stop = new AbortController();
  #watching: Promise<void> = Promise.resolve();

  constructor(paths: readonly string[], log: Logger) {
    this.#paths = paths;
    this.#log = log;
  }

  /**
   * Reads every file once and starts to watch.
   *
   * @returns what could not be read; then nothing is watched
   */
  async start(): Promise<readonly string[]> {
    // Looked at before it is read: a change in between is found by the next look.
    const fingerprint = await this.#fingerprint();
    const problems = await this.#read();
    if (problems.length === 0) this.#watching = this.#watch(fingerprint);
    return problems;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#watching;
  }

  /** How many Functions are known, for the start's message. */
  get functionCount(): number {
    return this.#index.functions.size;
  }

  /** What admission asks. */
  get source(): FunctionSource {
    return memorySource(this.#index);
  }

  async #watch(fingerprint: string): Promise<void> {
    let last = fingerprint;
    for (;;) {
      await delay(lookMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      if (this.#stop.signal.aborted) return;
      const now = await this.#fingerprint();
      if (now === last) continue;
      last = now;
      for (const problem of await this.#read()) {
        this.#log.error({ problem }, 'file cannot be read; what it held before stays');
      }
    }
  }

  async #fingerprint(): Promise<string> {
    const parts: string[] = [];
    for (const path of this.#paths) {
      const files = await listFiles(path).catch(() => [path]);
      parts.push(...(await Promise.all(files.map(fingerprintOf))));
    }
    return parts.join('\n');
  }

  /** @returns what could not be read */
  async #read(): Promise<string[]> {
    const contents = await readFiles(this.#paths);
    const files = new Set(contents.map(({ file }) => file));
    const unreadable = contents.filter(({ problems }) => problems.length > 0);
    for (const known of this.#contents.keys()) {
      const isBelowUnreadable = unreadable.some(({ file }) => known.startsWith(join(file, '/')));
      if (!files.has(known) && !isBelowUnreadable) this.#contents.delete(known);
    }
    for (const { file, objects, problems } of contents) {
      if (problems.length === 0) this.#contents.set(file, objects);
    }
    this.#publish();
    return contents.flatMap(({ problems }) => problems);
  }

  #publish(): void {
    const objects = [...this.#contents.values()].flat().map(({ object }) => object);
    const present = <Item>(item: Item | undefined): item is Item => item !== undefined;
    this.#index.components.replace(
      objects.map((object) => readComponent(object, defaultNamespace)).filter(present),
    );
    this.#index.servings.replace(
      objects.map((object) => readServing(object, defaultNamespace)).filter(present),
    );
    this.#index.functions.replace(
      objects.map((object) => readFunction(object, defaultNamespace)).filter(present),
    );
  }
}

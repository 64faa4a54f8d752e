import { type FSWatcher, watch } from 'chokidar';
import type { FunctionSource } from '../../admission/function-source.ts';
import { readComponent } from '../../api/component.ts';
import { readFunction } from '../../api/function.ts';
import { readServing } from '../../api/serving.ts';
import type { Logger } from '../log.ts';
import { memorySource } from '../store/memory-source.ts';
import { ObjectIndex } from '../store/object-index.ts';
import { isObjectFile } from './list-files.ts';
import { type FileObject, readFiles } from './read-objects.ts';

/** Objects that name no namespace stand in this one, as with kubectl. */
const defaultNamespace = 'default';

/** Editors and `git checkout` touch a file several times; one reading is enough. */
const settleMs = 50;

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
  #watcher: FSWatcher | undefined;
  #settling: NodeJS.Timeout | undefined;
  #reading: Promise<void> = Promise.resolve();

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
    const problems = await this.#read();
    if (problems.length > 0 || this.#paths.length === 0) return problems;
    const watcher = watch([...this.#paths], { ignoreInitial: true });
    this.#watcher = watcher;
    watcher.on('all', (_event, path) => {
      if (isObjectFile(path) || this.#paths.includes(path)) this.#schedule();
    });
    watcher.on('error', (error) => {
      this.#log.error({ err: error }, 'files are no longer watched; restart to read changes');
    });
    await new Promise<void>((resolve) => watcher.once('ready', resolve));
    // A change between the reading and the watching was seen by neither.
    await this.#readAgain();
    return [];
  }

  async stop(): Promise<void> {
    clearTimeout(this.#settling);
    await this.#watcher?.close();
    await this.#reading;
  }

  /** How many Functions are known, for the start's message. */
  get functionCount(): number {
    return this.#index.functions.size;
  }

  /** What admission asks. */
  get source(): FunctionSource {
    return memorySource(this.#index);
  }

  #schedule(): void {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => {
      this.#reading = this.#reading.then(() => this.#readAgain());
    }, settleMs);
  }

  async #readAgain(): Promise<void> {
    for (const problem of await this.#read()) {
      this.#log.error({ problem }, 'file cannot be read; what it held before stays');
    }
  }

  /** @returns what could not be read */
  async #read(): Promise<string[]> {
    const contents = await readFiles(this.#paths);
    const files = new Set(contents.map(({ file }) => file));
    for (const known of this.#contents.keys()) {
      if (!files.has(known)) this.#contents.delete(known);
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

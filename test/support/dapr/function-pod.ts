import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../cluster/harness/free-port.ts';
import type { FunctionRecord, FunctionSetup } from './function-events.ts';

const sdkProgram = fileURLToPath(new URL('function-main.ts', import.meta.url));

export type FunctionPodOptions = Pick<FunctionSetup, 'protocol'> & Partial<FunctionSetup>;

/** How a function is started that does as its setup says. */
export interface FunctionLaunch {
  readonly program: string;
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** One that uses Dapr's own SDK. */
function sdkFunction(setup: FunctionSetup): FunctionLaunch {
  return { program: process.execPath, args: [sdkProgram, JSON.stringify(setup)] };
}

/** A function in a process of its own, and its successors at the same address. */
export class FunctionPod {
  readonly host: string;
  readonly port: number;
  /** What all of them got, in this order. */
  readonly records: FunctionRecord[] = [];
  readonly #launch: () => FunctionLaunch;
  #child: ChildProcess | undefined;
  #closed: Promise<unknown> = Promise.resolve();
  readonly #told = new EventEmitter();

  private constructor(setup: FunctionSetup, launch: (setup: FunctionSetup) => FunctionLaunch) {
    this.#launch = () => launch(setup);
    this.host = setup.host;
    this.port = setup.port;
  }

  /** One that does not run yet. */
  static async create(
    options: FunctionPodOptions,
    launch: (setup: FunctionSetup) => FunctionLaunch = sdkFunction,
  ): Promise<FunctionPod> {
    const port = options.port ?? (await freePort());
    const nothing = { topics: [], bulkTopics: [], bindings: [], methods: [] };
    return new FunctionPod({ host: '127.0.0.1', ...nothing, ...options, port }, launch);
  }

  static async start(options: FunctionPodOptions): Promise<FunctionPod> {
    const pod = await FunctionPod.create(options);
    await pod.start();
    return pod;
  }

  /** As `FUNCTION_ENDPOINTS` has it. */
  get endpoint(): string {
    return `${this.host}:${this.port}`;
  }

  /** Resolves when it listens. */
  async start(): Promise<void> {
    const { program, args = [], environment } = this.#launch();
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    this.#child = child;
    // It may have ended when it is asked something.
    child.stdin.on('error', () => undefined);
    this.#closed = once(child, 'close');
    // Whatever ends this process takes the child along.
    const killChild = (): void => void child.kill('SIGKILL');
    process.once('exit', killChild);
    child.once('exit', () => process.off('exit', killChild));
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    await new Promise<void>((resolve, reject) => {
      child.once('exit', () => reject(new Error(`the function ended: ${said}`)));
      createInterface({ input: child.stdout }).on('line', (line) => {
        // The SDK may have a word, too.
        if (!line.startsWith('{')) return;
        const told = JSON.parse(line);
        if ('listening' in told) resolve();
        else if ('settled' in told) this.#told.emit('settled');
        else this.records.push(told);
      });
    });
  }

  /** Resolves when all that it has told by now is in the records; what it answered may be here before. */
  async settle(): Promise<void> {
    const settled = once(this.#told, 'settled');
    this.#child?.stdin?.write('?');
    await Promise.race([settled, this.#closed]);
  }

  /** Ends it as a kubelet does; resolves when it has ended and all that it told is in. */
  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  /** Ends it without a chance to finish anything. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  /** From now on it does nothing, and does not even refuse; its connections stay. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  /** It goes on where it stood. */
  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    this.#child?.kill(signal);
    await this.#closed;
  }
}

/** How often some functions got each id of an input, as far as they have told. */
export function countIds(pods: readonly FunctionPod[], input: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const record of pods.flatMap(({ records }) => records)) {
    if (record.input === input) counts.set(record.id, (counts.get(record.id) ?? 0) + 1);
  }
  return counts;
}

/** The same, of all that they got until now. */
export async function countAllIds(
  pods: readonly FunctionPod[],
  input: string,
): Promise<Map<string, number>> {
  await Promise.all(pods.map((pod) => pod.settle()));
  return countIds(pods, input);
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ensureLocalCertificates } from '../../../src/adapters/tls/local-certificates.ts';
import { RunningProgram } from '../../support/run-process.ts';
import { freePort } from './free-port.ts';
import { productNamespace } from './service-accounts.ts';
import { until } from './until.ts';

/** What of the product runs in one process. */
export type ProductCommand = 'webhook' | 'serve' | 'controller';

/** What decides how a process is started. */
export interface ProductRun {
  readonly command?: ProductCommand;
  /** Beside those that say where it listens and whom it talks to. */
  readonly flags?: readonly string[];
}

export interface ProductOptions extends ProductRun {
  /** Kubeconfig of the identity it runs as. */
  readonly kubeconfig: string;
  /** Folder of its own. */
  readonly folder: string;
  /** Gets every line of its output, as it comes. */
  readonly onLine?: (line: string) => void;
}

/** The product in a process of its own, at ports that it keeps over restarts. */
export class Product {
  readonly port: number;
  readonly healthPort: number;
  /** PEM. */
  readonly ca: string;
  readonly #options: ProductOptions;
  #run: Required<ProductRun>;
  #program: RunningProgram;

  private constructor(
    options: ProductOptions,
    ports: { port: number; healthPort: number },
    ca: string,
  ) {
    this.#options = options;
    this.port = ports.port;
    this.healthPort = ports.healthPort;
    this.ca = ca;
    this.#run = { command: options.command ?? 'webhook', flags: options.flags ?? [] };
    this.#program = this.#start();
  }

  /** Resolves when it is ready. */
  static async start(options: ProductOptions): Promise<Product> {
    const certDir = join(options.folder, 'certs');
    await ensureLocalCertificates(certDir, new Date());
    const ca = await readFile(join(certDir, 'ca.crt'), 'utf8');
    const ports = { port: await freePort(), healthPort: await freePort() };
    const product = new Product(options, ports, ca);
    try {
      await product.untilReady();
    } catch (error) {
      // Whoever is told that it did not start has nothing to stop.
      await product.kill();
      throw error;
    }
    return product;
  }

  /** The exit code, when its process has ended; null when a signal ended it. */
  get ended(): Promise<number | null> {
    return this.#program.exit();
  }

  async stop(): Promise<void> {
    this.#program.child.kill('SIGTERM');
    await this.#program.exit();
  }

  /** Ends it without a chance to finish anything. */
  async kill(): Promise<void> {
    await this.#program.kill();
  }

  /** Keeps it from doing anything, as a machine that stalls. */
  freeze(): void {
    this.#program.child.kill('SIGSTOP');
  }

  /** Lets it go on, as if no time had passed. */
  thaw(): void {
    this.#program.child.kill('SIGCONT');
  }

  /** Stops it if it runs, and starts it anew; what is given holds from then on. */
  async restart(run: ProductRun = {}): Promise<void> {
    await this.launch(run);
    await this.untilReady();
  }

  /** The same without waiting for it to be ready. */
  async launch(run: ProductRun = {}): Promise<void> {
    if (this.isRunning) await this.stop();
    this.#run = { ...this.#run, ...run };
    this.#program = this.#start();
  }

  /** Restarts it when it is not running. */
  async ensureRunning(): Promise<void> {
    if (!this.isRunning) await this.restart();
  }

  get isRunning(): boolean {
    const { exitCode, signalCode } = this.#program.child;
    return exitCode === null && signalCode === null;
  }

  /** Its log lines since it was last started. */
  get log(): Record<string, unknown>[] {
    return this.#program.log;
  }

  /** Those of them that tell of trouble. */
  get complaints(): Record<string, unknown>[] {
    return this.log.filter(({ level }) => level === 'warn' || level === 'error');
  }

  async isReady(): Promise<boolean> {
    try {
      return (await fetch(`http://127.0.0.1:${this.healthPort}/readyz`)).ok;
    } catch {
      return false;
    }
  }

  /** @throws when it ends instead */
  async untilReady(): Promise<void> {
    await this.#program.logged('listening');
    await until(`the ${this.#run.command} to be ready`, async () => {
      if (this.isRunning) return this.isReady();
      throw new Error(
        `the ${this.#run.command} ended: ${this.#program.stdout}${this.#program.stderr}`,
      );
    });
  }

  /** Waits until it is the one of all controllers that works. */
  async untilLeading(): Promise<void> {
    await until('the controller to lead', async () => (await this.metric('baas_leader')) === 1);
  }

  /**
   * How many admission requests it answered, of those whose metric has all the
   * given labels; its own count, not ours.
   */
  answered(labels: Record<string, string> = {}): Promise<number> {
    return this.metric('baas_admission_requests_total', labels);
  }

  /** Sum of a metric's samples that have all the given labels. */
  async metric(name: string, labels: Record<string, string> = {}): Promise<number> {
    const samples = await this.samples(name, labels);
    return samples.reduce((sum, value) => sum + value, 0);
  }

  /** Values of a metric's samples that have all the given labels. */
  async samples(name: string, labels: Record<string, string> = {}): Promise<number[]> {
    const response = await fetch(`http://127.0.0.1:${this.healthPort}/metrics`);
    return (await response.text())
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .filter((line) =>
        Object.entries(labels).every(([label, value]) => line.includes(`${label}="${value}"`)),
      )
      .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)));
  }

  #start(): RunningProgram {
    const { command, flags } = this.#run;
    const { kubeconfig, folder, onLine } = this.#options;
    const program = new RunningProgram([
      ...[command, '--kubeconfig', kubeconfig],
      ...['--listen-address', '127.0.0.1', '--health-port', String(this.healthPort)],
      ...(command === 'controller'
        ? []
        : ['--cert-dir', join(folder, 'certs'), '--port', String(this.port)]),
      ...(command === 'webhook' ? [] : ['--lease-namespace', productNamespace]),
      ...flags,
    ]);
    // Whatever ends this process takes the child along.
    const killChild = (): void => void program.child.kill('SIGKILL');
    process.once('exit', killChild);
    program.child.once('exit', () => process.off('exit', killChild));
    for (const output of [program.child.stdout, program.child.stderr]) {
      if (output && onLine) createInterface({ input: output }).on('line', onLine);
    }
    return program;
  }
}

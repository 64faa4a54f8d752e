import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ensureLocalCertificates } from '../../../src/adapters/tls/local-certificates.ts';
import { RunningProgram } from '../../support/run-process.ts';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

export interface ProductOptions {
  /** Kubeconfig of the identity it runs as. */
  readonly kubeconfig: string;
  /** Folder of its own. */
  readonly folder: string;
  /** Gets every line of its output, as it comes. */
  readonly onLine?: (line: string) => void;
}

/** The webhook in a process of its own, at ports that it keeps over restarts. */
export class Product {
  readonly port: number;
  readonly healthPort: number;
  /** PEM. */
  readonly ca: string;
  readonly #options: ProductOptions;
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
    this.#program = this.#run();
  }

  /** Resolves when it is ready. */
  static async start(options: ProductOptions): Promise<Product> {
    const certDir = join(options.folder, 'certs');
    await ensureLocalCertificates(certDir, new Date());
    const ca = await readFile(join(certDir, 'ca.crt'), 'utf8');
    const ports = { port: await freePort(), healthPort: await freePort() };
    const product = new Product(options, ports, ca);
    await product.untilReady();
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

  async restart(): Promise<void> {
    this.#program = this.#run();
    await this.untilReady();
  }

  /** Restarts it when it is not running. */
  async ensureRunning(): Promise<void> {
    if (this.#program.child.exitCode !== null) await this.restart();
  }

  /** Its log lines since it was last started. */
  get log(): Record<string, unknown>[] {
    return this.#program.log;
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
    await until('the webhook to be ready', async () => {
      if (this.#program.child.exitCode === null) return this.isReady();
      throw new Error(`the webhook ended: ${this.#program.stdout}${this.#program.stderr}`);
    });
  }

  /**
   * How many admission requests it answered, of those whose metric has all the
   * given labels; its own count, not ours.
   */
  async answered(labels: Record<string, string> = {}): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${this.healthPort}/metrics`);
    return (await response.text())
      .split('\n')
      .filter((line) => line.startsWith('baas_admission_requests_total{'))
      .filter((line) =>
        Object.entries(labels).every(([name, value]) => line.includes(`${name}="${value}"`)),
      )
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  #run(): RunningProgram {
    const program = new RunningProgram([
      ...['webhook', '--kubeconfig', this.#options.kubeconfig],
      ...['--cert-dir', join(this.#options.folder, 'certs')],
      ...['--port', String(this.port), '--health-port', String(this.healthPort)],
      ...['--listen-address', '127.0.0.1'],
    ]);
    const { onLine } = this.#options;
    for (const output of [program.child.stdout, program.child.stderr]) {
      if (output && onLine) createInterface({ input: output }).on('line', onLine);
    }
    return program;
  }
}

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from '../../../src/api/json.ts';
import { ChildProgram } from './child-program.ts';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

export interface DaprdOptions {
  readonly program: string;
  /** Folder of its own. */
  readonly folder: string;
  readonly appPort: number;
  readonly appProtocol: 'grpc' | 'http';
  /** Components, Subscriptions, Resiliency: what it finds in its resources folder. */
  readonly resources: readonly JsonObject[];
  /** Beside those that every daprd of the tests gets. */
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

interface Ports {
  readonly http: number;
  readonly grpc: number;
  readonly internal: number;
}

/** Its own, so that names are not looked up in the network. */
const configuration = {
  apiVersion: 'dapr.io/v1alpha1',
  kind: 'Configuration',
  metadata: { name: 'tests' },
  spec: {
    nameResolution: {
      component: 'nameformat',
      configuration: { format: '{appid}.localhost' },
    },
  },
};

/** A real daprd without a control plane, and its successors at the same ports. */
export class Daprd {
  static readonly appId = 'orders-tests';
  readonly #options: DaprdOptions;
  readonly #ports: Ports;
  #program: ChildProgram;

  private constructor(options: DaprdOptions, ports: Ports) {
    this.#options = options;
    this.#ports = ports;
    this.#program = this.#start();
  }

  /** Resolves when it has asked its app for subscriptions and bindings. */
  static async start(options: DaprdOptions): Promise<Daprd> {
    const resources = join(options.folder, 'resources');
    await mkdir(resources, { recursive: true });
    await writeFile(join(options.folder, 'config.yaml'), JSON.stringify(configuration));
    for (const [index, resource] of options.resources.entries()) {
      await writeFile(join(resources, `${index}.yaml`), JSON.stringify(resource));
    }
    const ports = { http: await freePort(), grpc: await freePort(), internal: await freePort() };
    const daprd = new Daprd(options, ports);
    try {
      await daprd.untilReady();
    } catch (error) {
      await daprd.kill();
      throw error;
    }
    return daprd;
  }

  /** Of its gRPC API. */
  get grpcPort(): number {
    return this.#ports.grpc;
  }

  /** What it said since it was last started. */
  get output(): string {
    return this.#program.output;
  }

  /** @throws when it does not take the event */
  async publish(pubsub: string, topic: string, data: unknown): Promise<void> {
    await this.#post(`/v1.0/publish/${pubsub}/${topic}`, data);
  }

  /** Calls a method of its own app. @returns the answer's body */
  async invoke(method: string, data: unknown): Promise<unknown> {
    const response = await this.#post(`/v1.0/invoke/${Daprd.appId}/method/${method}`, data);
    return response.json();
  }

  /** @throws when it ends instead */
  async untilReady(): Promise<void> {
    await until('daprd to be ready', async () => {
      if (!this.#program.isRunning) throw new Error(`daprd ended: ${this.output}`);
      const response = await fetch(this.#url('/v1.0/healthz')).catch(() => undefined);
      await response?.body?.cancel();
      return response?.status === 204;
    });
  }

  /** Starts it anew, after it has ended. */
  async restart(): Promise<void> {
    this.#program = this.#start();
    await this.untilReady();
  }

  /** Asks it to end, as a kubelet does. @returns its exit code, when it has ended */
  stop(): Promise<number | null> {
    return this.#program.end('SIGTERM');
  }

  kill(): Promise<number | null> {
    return this.#program.end('SIGKILL');
  }

  #url(path: string): string {
    return `http://127.0.0.1:${this.#ports.http}${path}`;
  }

  async #post(path: string, data: unknown): Promise<Response> {
    const response = await fetch(this.#url(path), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(data),
    });
    if (response.ok) return response;
    throw new Error(`POST ${path}: ${response.status} ${await response.text()}`);
  }

  #start(): ChildProgram {
    const { program, folder, appPort, appProtocol, flags = [], environment } = this.#options;
    const { http, grpc, internal } = this.#ports;
    const args = [
      ...['--app-id', Daprd.appId],
      ...['--app-port', String(appPort), '--app-protocol', appProtocol],
      ...['--config', join(folder, 'config.yaml'), '--resources-path', join(folder, 'resources')],
      ...['--dapr-http-port', String(http), '--dapr-grpc-port', String(grpc)],
      ...['--dapr-listen-addresses', '127.0.0.1'],
      ...['--dapr-internal-grpc-port', String(internal)],
      ...['--dapr-internal-grpc-listen-address', '127.0.0.1'],
      ...['--enable-metrics=false', '--log-level', 'info'],
      ...flags,
    ];
    return new ChildProgram(program, args, environment);
  }
}

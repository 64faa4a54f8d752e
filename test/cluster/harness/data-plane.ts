import type { JsonObject } from '../../../src/api/json.ts';
import type { FunctionInputs } from '../../support/dapr/function-contexts.ts';
import { FunctionPod, type FunctionPodOptions } from '../../support/dapr/function-pod.ts';
import { ProxyProcess } from '../../support/dapr/proxy-process.ts';
import { makeFolder, removeFolder } from '../../support/temporary-folder.ts';
import { Daprd } from './daprd.ts';

export interface DataPlaneOptions {
  /** daprd. */
  readonly program: string;
  readonly protocol: 'grpc' | 'http';
  /** What daprd finds in its resources folder. */
  readonly resources: readonly JsonObject[];
  /** What the proxy is told of. */
  readonly inputs: FunctionInputs;
  /** What daprd shows to its app, and what the proxy wants to see. */
  readonly token?: string;
  /** More of daprd's. */
  readonly flags?: readonly string[];
  /** What the function knows beside that. */
  readonly functions?: Partial<FunctionPodOptions>;
}

/** A real daprd, our proxy as its app, and two pods of the function behind it. */
export class DataPlane {
  readonly pods: readonly FunctionPod[];
  readonly #folder: string;
  #proxy: ProxyProcess | undefined;
  #daprd: Daprd | undefined;

  private constructor(pods: readonly FunctionPod[], folder: string) {
    this.pods = pods;
    this.#folder = folder;
  }

  /** Starts all of them; when one does not start, none is left running. */
  static async start(options: DataPlaneOptions): Promise<DataPlane> {
    const { protocol, inputs, functions } = options;
    const setup = { ...inputs, ...functions, protocol };
    const pods = await Promise.all([1, 2].map(() => FunctionPod.create(setup)));
    const plane = new DataPlane(pods, await makeFolder());
    try {
      await plane.#start(options);
      return plane;
    } catch (error) {
      await plane.stop();
      throw error;
    }
  }

  get proxy(): ProxyProcess {
    if (this.#proxy === undefined) throw new Error('the proxy was not started');
    return this.#proxy;
  }

  get daprd(): Daprd {
    if (this.#daprd === undefined) throw new Error('daprd was not started');
    return this.#daprd;
  }

  async stop(): Promise<void> {
    await this.#daprd?.kill();
    await this.#proxy?.kill();
    await Promise.all(this.pods.map((pod) => pod.kill()));
    await removeFolder(this.#folder);
  }

  async #start({ protocol, inputs, token, ...options }: DataPlaneOptions): Promise<void> {
    const environment: Record<string, string> = token === undefined ? {} : { APP_API_TOKEN: token };
    await Promise.all(this.pods.map((pod) => pod.start()));
    const endpoints = this.pods.map(({ endpoint }) => endpoint);
    this.#proxy = await ProxyProcess.start({ protocol, inputs, endpoints, environment });
    this.#daprd = await Daprd.start({
      ...{ program: options.program, folder: this.#folder, resources: options.resources },
      ...{ appPort: this.#proxy.port, appProtocol: protocol, environment },
      flags: options.flags ?? [],
    });
  }
}

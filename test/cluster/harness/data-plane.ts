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
  readonly proxy: ProxyProcess;
  readonly daprd: Daprd;
  readonly #folder: string;

  private constructor(
    pods: readonly FunctionPod[],
    proxy: ProxyProcess,
    daprd: Daprd,
    folder: string,
  ) {
    this.pods = pods;
    this.proxy = proxy;
    this.daprd = daprd;
    this.#folder = folder;
  }

  static async start(options: DataPlaneOptions): Promise<DataPlane> {
    const { protocol, inputs, functions, token, flags = [] } = options;
    const environment: Record<string, string> = token === undefined ? {} : { APP_API_TOKEN: token };
    const pods = await Promise.all(
      [1, 2].map(() => FunctionPod.start({ ...inputs, ...functions, protocol })),
    );
    const endpoints = pods.map(({ endpoint }) => endpoint);
    const proxy = await ProxyProcess.start({ protocol, inputs, endpoints, environment });
    const folder = await makeFolder();
    const daprd = await Daprd.start({
      ...{ program: options.program, folder, resources: options.resources },
      ...{ appPort: proxy.port, appProtocol: protocol, flags, environment },
    });
    return new DataPlane(pods, proxy, daprd, folder);
  }

  async stop(): Promise<void> {
    await this.daprd.kill();
    await this.proxy.kill();
    await Promise.all(this.pods.map((pod) => pod.kill()));
    await removeFolder(this.#folder);
  }
}

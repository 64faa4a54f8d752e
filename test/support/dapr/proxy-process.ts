import { connect } from 'node:net';
import { freePort } from '../../cluster/harness/free-port.ts';
import { until } from '../../cluster/harness/until.ts';
import { RunningProgram } from '../run-process.ts';
import { type FunctionInputs, functionContexts } from './function-contexts.ts';

export interface ProxyOptions {
  readonly protocol: 'grpc' | 'http';
  readonly inputs: FunctionInputs;
  /** `host:port` of each pod; absent where the environment says how to find them. */
  readonly endpoints?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** The proxy in a process of its own, as the controller's Deployment starts it, and its successors. */
export class ProxyProcess {
  /** Where daprd expects its app. */
  readonly port: number;
  readonly #healthPort: number;
  readonly #options: ProxyOptions;
  #program: RunningProgram;

  private constructor(options: ProxyOptions, port: number, healthPort: number) {
    this.#options = options;
    this.port = port;
    this.#healthPort = healthPort;
    this.#program = this.#start();
  }

  /** Resolves when it listens. */
  static async start(options: ProxyOptions): Promise<ProxyProcess> {
    const proxy = new ProxyProcess(options, await freePort(), await freePort());
    try {
      await proxy.#untilListening();
      return proxy;
    } catch (error) {
      // Whoever is told that it did not start has nothing to stop.
      await proxy.kill();
      throw error;
    }
  }

  /** Starts it anew at the same ports, after it has ended. */
  async restart(): Promise<void> {
    this.#program = this.#start();
    await this.#untilListening();
  }

  /** Asks it to end, as a kubelet does. @returns its exit code, when it has ended */
  stop(): Promise<number | null> {
    this.#program.child.kill('SIGTERM');
    return this.#program.exit();
  }

  /** Ends it without a chance to finish anything. */
  kill(): Promise<void> {
    return this.#program.kill();
  }

  get log(): Record<string, unknown>[] {
    return this.#program.log;
  }

  /** How many events it has, as KEDA would be told. */
  async pending(): Promise<{ waiting: number; inFlight: number }> {
    const response = await fetch(`http://127.0.0.1:${this.#healthPort}/pending`);
    return (await response.json()) as { waiting: number; inFlight: number };
  }

  #start(): RunningProgram {
    const { protocol, inputs, endpoints, environment } = this.#options;
    const program = new RunningProgram(['proxy'], {
      ...functionContexts(inputs, this.port),
      APP_PROTOCOL: protocol,
      ...(endpoints && { FUNCTION_ENDPOINTS: endpoints.join(',') }),
      HEALTH_PORT: String(this.#healthPort),
      ...environment,
    });
    // Whatever ends this process takes the child along.
    const killChild = (): void => void program.child.kill('SIGKILL');
    process.once('exit', killChild);
    program.child.once('exit', () => process.off('exit', killChild));
    return program;
  }

  /** Looks as daprd does: connects, and says nothing. */
  async #untilListening(): Promise<void> {
    await until('the proxy to listen', async () => {
      const { child, stdout, stderr } = this.#program;
      if (child.exitCode !== null) throw new Error(`the proxy ended: ${stdout}${stderr}`);
      return accepts(this.port);
    });
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

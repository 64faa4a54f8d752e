import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:https';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

const startTimeoutMs = 120_000;

/** Lines of its log that an error repeats. */
const keptLogLines = 20;

export interface ControllerManagerOptions {
  readonly program: string;
  readonly kubeconfig: string;
  readonly serviceAccountKey: string;
  readonly rootCa: string;
}

/** kube-controller-manager, in a process of its own: it makes Pods of workloads, and collects garbage. */
export class ControllerManager {
  readonly #child: ChildProcess;
  #log: string[] = [];

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#log = [...this.#log, ...chunk.toString().split('\n')].slice(-keptLogLines);
    });
  }

  /** @throws when it ends, or is not healthy in time, with the end of its log */
  static async start(options: ControllerManagerOptions): Promise<ControllerManager> {
    const port = await freePort();
    const child = spawn(
      options.program,
      [
        `--kubeconfig=${options.kubeconfig}`,
        `--authentication-kubeconfig=${options.kubeconfig}`,
        `--authorization-kubeconfig=${options.kubeconfig}`,
        `--service-account-private-key-file=${options.serviceAccountKey}`,
        `--root-ca-file=${options.rootCa}`,
        '--bind-address=127.0.0.1',
        `--secure-port=${port}`,
        // One of them, and a restarted API server must not stop it.
        '--leader-elect=false',
        '--kube-api-qps=500',
        '--kube-api-burst=1000',
        '--concurrent-deployment-syncs=20',
        '--concurrent-replicaset-syncs=20',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const manager = new ControllerManager(child);
    // Whatever ends this process, a Ctrl-C too, takes the child along.
    const killChild = (): void => void child.kill('SIGKILL');
    process.once('exit', killChild);
    child.once('exit', () => process.off('exit', killChild));
    try {
      await manager.#untilHealthy(port);
    } catch (error) {
      await manager.stop();
      throw error;
    }
    return manager;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  async #untilHealthy(port: number): Promise<void> {
    await until(
      'kube-controller-manager to be healthy',
      async () => {
        if (this.#child.exitCode === null) return isHealthy(port);
        throw new Error(`kube-controller-manager ended:\n${this.#log.join('\n')}`);
      },
      startTimeoutMs,
    );
  }
}

/** Its own certificate is made at the start and signed by nobody; this asks for nothing but its health. */
function isHealthy(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request(
      { host: '127.0.0.1', port, path: '/healthz', rejectUnauthorized: false },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      },
    );
    call.once('error', () => resolve(false));
    call.end();
  });
}

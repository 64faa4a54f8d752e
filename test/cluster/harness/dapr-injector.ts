import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { certificateFiles } from '../../../src/adapters/tls/certificate-pair.ts';
import { ensureLocalCertificates } from '../../../src/adapters/tls/local-certificates.ts';
import type { JsonObject } from '../../../src/api/json.ts';

export interface DaprInjectorOptions {
  readonly program: string;
  /** Folder of its own. */
  readonly folder: string;
  /** Whether it injects daprd as a native sidecar, as a setting of Dapr's chart has it. */
  readonly isNative: boolean;
}

/** What Dapr's sidecar injector does with a Pod, in a process of its own. */
export class DaprInjector {
  readonly #child: ChildProcess;
  readonly #address: string;
  /** PEM. */
  readonly #ca: string;

  private constructor(child: ChildProcess, address: string, ca: string) {
    this.#child = child;
    this.#address = address;
    this.#ca = ca;
  }

  /** @throws when it ends instead of listening, with what it said */
  static async start({ program, folder, isNative }: DaprInjectorOptions): Promise<DaprInjector> {
    await ensureLocalCertificates(folder, new Date());
    const file = (name: keyof typeof certificateFiles) => join(folder, certificateFiles[name]);
    const ca = await readFile(file('ca'), 'utf8');
    const child = spawn(
      program,
      [
        ...['--port=0', `--cert=${file('certificate')}`, `--key=${file('key')}`],
        `--native-sidecar=${isNative}`,
      ],
      // It ends when its standard input does, however this process ends.
      { stdio: ['pipe', 'pipe', 'pipe'] },
    );
    return new DaprInjector(child, await listeningAddress(child), ca);
  }

  /** The webhook configuration of Dapr's chart, under any name, pointed at this process. */
  webhookConfiguration(name: string): JsonObject {
    return {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name },
      webhooks: [
        {
          name: 'sidecar-injector.dapr.io',
          reinvocationPolicy: 'IfNeeded',
          clientConfig: {
            url: `https://${this.#address}/mutate`,
            caBundle: Buffer.from(this.#ca).toString('base64'),
          },
          rules: [
            { apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'] },
          ],
          failurePolicy: 'Ignore',
          sideEffects: 'None',
          admissionReviewVersions: ['v1', 'v1beta1'],
        },
      ],
    };
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}

async function listeningAddress(child: ChildProcess): Promise<string> {
  const sign = 'listening on ';
  const said: string[] = [];
  child.stderr?.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  if (child.stdout === null) throw new Error('the injector has no standard output');
  for await (const line of createInterface(child.stdout)) {
    if (!line.startsWith(sign)) continue;
    // Its log goes there too, and must not fill the pipe.
    child.stdout.resume();
    return line.slice(sign.length);
  }
  throw new Error(`the injector ended: ${said.join('')}`);
}

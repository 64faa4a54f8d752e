import { existsSync, readFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { asText } from '../../api/json.ts';
import type { ApiAccess } from './api-access.ts';

/** The kubelet writes a new token long before the old one ends; client-go looks as often. */
const tokenMaxAgeMs = 60_000;

/** Whether there is an account of a pod. */
export function hasServiceAccount(folder: string): boolean {
  return existsSync(join(folder, 'token'));
}

/** Namespace of the pod. */
export function serviceAccountNamespace(folder: string): string | undefined {
  try {
    return asText(readFileSync(join(folder, 'namespace'), 'utf8').trim());
  } catch {
    return undefined;
  }
}

/**
 * The account of the pod that this runs in, from where Kubernetes mounts it
 * (Kubernetes: "Accessing the API from a Pod"). client-node knows it as well, but
 * brings the models of the whole API along: 80 MiB of memory that no pod has to spare.
 */
export class ServiceAccount implements ApiAccess {
  readonly #folder: string;
  readonly #server: string;
  readonly #ca: string;
  readonly #now: () => number;
  #token: string;
  #readAtMs: number;

  /**
   * @param now milliseconds on a clock that never goes back
   * @throws when files or variables are missing
   */
  constructor(
    folder: string,
    environment: NodeJS.ProcessEnv,
    now: () => number = () => performance.now(),
  ) {
    this.#folder = folder;
    this.#server = serverOf(environment);
    this.#ca = readFileSync(join(folder, 'ca.crt'), 'utf8');
    this.#now = now;
    this.#token = this.#readToken();
    this.#readAtMs = now();
  }

  getCurrentCluster(): { readonly server: string } {
    return { server: this.#server };
  }

  async applyToHTTPSOptions(options: RequestOptions): Promise<void> {
    options.ca = this.#ca;
    options.headers = { ...options.headers, authorization: `Bearer ${this.#freshToken()}` };
  }

  #freshToken(): string {
    const nowMs = this.#now();
    if (nowMs - this.#readAtMs > tokenMaxAgeMs) {
      this.#readAtMs = nowMs;
      try {
        this.#token = this.#readToken();
      } catch {
        // The one that is known may still be good; if it is not, the API server says so.
      }
    }
    return this.#token;
  }

  #readToken(): string {
    return readFileSync(join(this.#folder, 'token'), 'utf8').trim();
  }
}

function serverOf(environment: NodeJS.ProcessEnv): string {
  const host = asText(environment['KUBERNETES_SERVICE_HOST']);
  const port = asText(environment['KUBERNETES_SERVICE_PORT']);
  if (host === undefined || port === undefined) {
    throw new Error(
      'KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT, which say where the API server of a pod is, are not set',
    );
  }
  return `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { metricsContentType } from '../proxy-metrics/prometheus-text.ts';

/** What KEDA's `metrics-api` scaler reads: numbers, each by its name. */
export interface Pending {
  /** All that is not answered yet. */
  readonly pending: number;
  /** Without a pod. */
  readonly waiting: number;
  /** With a pod. */
  readonly inFlight: number;
}

export interface ProxyHealth {
  /** What it lacks to be ready; empty when it is. */
  readonly missing: () => readonly string[];
  readonly pending: () => Pending;
  /** In Prometheus' text format. */
  readonly metrics: () => string;
}

/**
 * Imported as a module, it would come with everything that Node's own `fetch` needs, a
 * quarter of the memory that a proxy takes.
 */
const http = process.getBuiltinModule('node:http');

/** Plain HTTP for kubelets, Prometheus and KEDA. */
export class ProxyHealthServer {
  readonly #server: Server;

  constructor(health: ProxyHealth) {
    this.#server = http.createServer((request, response) => {
      // Nothing that is sent matters here, and what is not read would hold up the next.
      request.resume();
      const { status, contentType, body } = answerTo(health, request.url ?? '');
      response.writeHead(status, { 'content-type': contentType }).end(body);
    });
  }

  /**
   * @returns the port
   * @throws the system's error, e.g. EADDRINUSE
   */
  listen(port: number, host: string): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#server.once('error', reject).listen({ port, host }, () => {
      resolve((this.#server.address() as AddressInfo).port);
    });
    return promise;
  }

  close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    return promise;
  }
}

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

function answerTo(health: ProxyHealth, url: string): Answer {
  switch (url.split('?', 1)[0]) {
    case '/healthz':
      return json(200, { status: 'ok' });
    case '/readyz': {
      const missing = health.missing();
      return missing.length === 0
        ? json(200, { status: 'ready' })
        : json(503, { status: 'not ready', missing });
    }
    case '/metrics':
      return { status: 200, contentType: metricsContentType, body: health.metrics() };
    case '/pending':
      return json(200, health.pending());
    default:
      return json(404, { error: 'GET /healthz, /readyz, /metrics or /pending' });
  }
}

function json(status: number, value: unknown): Answer {
  return { status, contentType: 'application/json', body: JSON.stringify(value) };
}

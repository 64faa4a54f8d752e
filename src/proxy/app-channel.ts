import type { Endpoint } from './delivery.ts';

/**
 * The app as daprd sees it, and the way from there to the pods, in one protocol.
 * "App channel" is Dapr's name for it.
 */
export interface AppChannel {
  /**
   * Listens for daprd, and answers it from then on.
   *
   * @param port 0 takes a free one
   * @param host address; `::` is every address
   * @returns the port
   * @throws the system's error, e.g. EADDRINUSE
   */
  listen(port: number, host: string): Promise<number>;
  /** Connections that are open to it now. */
  readonly connections: number;
  /** Whether anything was ever asked of it. A connection alone does not count: daprd probes the port. */
  readonly wasCalled: boolean;
  /**
   * The endpoint is gone for good: what is in flight to it goes on, nothing new
   * comes, and its connections close as soon as they are idle. One of the same
   * name that comes later is another object.
   */
  forget(endpoint: Endpoint): void;
  /** Closes every connection, to daprd and to pods, whatever is in flight; resolves when all are. */
  close(): Promise<void>;
}

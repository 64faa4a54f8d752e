import type { Endpoint } from '../../../proxy/delivery.ts';
import { PodSessions } from './pod-sessions.ts';

/** The connections to all pods. */
export class PodPool {
  readonly #connectTimeoutMs: number;
  readonly #pods = new Map<Endpoint, PodSessions>();
  /** Of pods that are gone, which may still have something in flight. */
  readonly #leaving = new Set<PodSessions>();
  #isClosed = false;

  constructor(connectTimeoutMs: number) {
    this.#connectTimeoutMs = connectTimeoutMs;
  }

  of(endpoint: Endpoint): PodSessions {
    const known = this.#pods.get(endpoint);
    if (known !== undefined) return known;
    const sessions = new PodSessions(endpoint, this.#connectTimeoutMs);
    if (this.#isClosed) sessions.close();
    this.#pods.set(endpoint, sessions);
    return sessions;
  }

  forget(endpoint: Endpoint): void {
    for (const sessions of this.#leaving) if (sessions.isEmpty) this.#leaving.delete(sessions);
    const sessions = this.#pods.get(endpoint);
    if (sessions === undefined) return;
    this.#pods.delete(endpoint);
    this.#leaving.add(sessions);
    sessions.forget();
  }

  /** Closes every connection, whatever is in flight, and opens none from now on. */
  close(): void {
    this.#isClosed = true;
    for (const sessions of [...this.#pods.values(), ...this.#leaving]) sessions.close();
  }
}

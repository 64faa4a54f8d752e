import type { Endpoint } from '../../../proxy/delivery.ts';
import type { PlaceSeeker } from './place-seeker.ts';
import { PodSession, type SessionKeeper } from './pod-session.ts';

const closing = 'the proxy ends';

/**
 * The HTTP/2 connections to one pod: one, as a rule, which is opened when the first event
 * comes; more where the pod limits the streams of one.
 */
export class PodSessions implements SessionKeeper {
  readonly #endpoint: Endpoint;
  readonly #connectTimeoutMs: number;
  /** In the order in which they opened: the first that has room is taken, so that later ones fall idle. */
  readonly #sessions = new Set<PodSession>();
  readonly #queue: PlaceSeeker[] = [];
  #isClosed = false;

  constructor(endpoint: Endpoint, connectTimeoutMs: number) {
    this.#endpoint = endpoint;
    this.#connectTimeoutMs = connectTimeoutMs;
  }

  get isEmpty(): boolean {
    return this.#sessions.size === 0;
  }

  /** Starts it on a session, at once where one has room. */
  seek(seeker: PlaceSeeker): void {
    for (const session of this.#sessions) {
      if (!session.hasRoom) continue;
      seeker.start(session);
      return;
    }
    if (this.#isClosed) {
      seeker.unreached(closing);
      return;
    }
    this.#queue.push(seeker);
    this.#openIfNeeded();
  }

  hasRoom(session: PodSession): void {
    while (session.hasRoom) {
      const next = this.#queue.shift();
      if (next === undefined) break;
      if (!next.isSettled) next.start(session);
    }
    this.#openIfNeeded();
    if (session.isIdle) this.#closeSpare(session);
  }

  leaves(): void {
    this.#openIfNeeded();
  }

  closed(session: PodSession, cause: string): void {
    this.#sessions.delete(session);
    if (!session.hasOpened) this.#failQueue(cause);
    this.#openIfNeeded();
  }

  /** The pod is gone, or about to be: sessions close as they become idle. */
  forget(): void {
    this.#failQueue('the pod is gone');
    for (const session of this.#sessions) {
      session.probe();
      session.leave();
    }
  }

  /** Closes all, whatever is in flight, and opens none from now on. */
  close(): void {
    this.#isClosed = true;
    this.#failQueue(closing);
    for (const session of this.#sessions) session.close();
  }

  /** Those that wait may go to another pod. */
  #failQueue(cause: string): void {
    for (const seeker of this.#queue.splice(0)) seeker.unreached(cause);
  }

  /** One at a time: how many are needed shows when the pod has told how much room each has. */
  #openIfNeeded(): void {
    if (this.#queue.length === 0) return;
    for (const session of this.#sessions) if (session.isOpening) return;
    this.#sessions.add(new PodSession(this.#endpoint, this.#connectTimeoutMs, this));
  }

  /** One idle session is kept for what comes next. */
  #closeSpare(idle: PodSession): void {
    for (const session of this.#sessions) {
      if (session === idle || !session.isIdle) continue;
      idle.leave();
      return;
    }
  }
}

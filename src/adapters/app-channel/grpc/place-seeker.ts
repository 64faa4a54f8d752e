import type { PodSession } from './pod-session.ts';

/** Something that needs one stream to a pod, and may have to wait until there is one. */
export interface PlaceSeeker {
  /** Nobody waits for it any more. */
  readonly isSettled: boolean;
  /** Opens its stream on this session, now. */
  start(session: PodSession): void;
  /** No session came about. */
  unreached(cause: string): void;
}

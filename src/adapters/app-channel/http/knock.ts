import { connect } from 'node:net';
import type { Endpoint } from '../../../proxy/delivery.ts';
import type { KeepaliveTimes, Ping } from '../keepalive.ts';

/** HTTP/1.1 has no PING; a connection costs either side so little that it may be asked for often. */
export const knockTimes: KeepaliveTimes = {
  silenceMs: 20_000,
  pingsApartMs: 0,
  pingTimeoutMs: 20_000,
};

/** How often an answer is waited for that is not from the pod, such as that of a router which has lost the way. */
const againMs = 1_000;

/** With these the pod's own system answers: it is there, whether or not its program listens. */
const isThere: ReadonlySet<string | undefined> = new Set(['ECONNREFUSED', 'ECONNRESET']);

/**
 * Asks the node of a pod whether it is there at all, by a connection that nothing is said on.
 *
 * @param timeoutMs until which nothing has to come back
 */
export function knockAt({ host, port }: Endpoint, timeoutMs: number): Ping {
  return (answered) => {
    const until = performance.now() + timeoutMs;
    const knock = (): void => {
      const socket = connect({ host, port });
      let failure: NodeJS.ErrnoException | undefined;
      socket.unref();
      socket.setTimeout(timeoutMs, () => socket.destroy(new Error('no answer')));
      socket.once('connect', () => socket.destroy());
      socket.once('error', (error) => {
        failure = error;
      });
      socket.once('close', () => {
        if (failure === undefined || isThere.has(failure.code)) answered(null);
        else if (performance.now() + againMs < until) setTimeout(knock, againMs).unref();
        else answered(failure);
      });
    };
    knock();
  };
}

import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/**
 * Lets a closing server end: answers in flight say `Connection: close`, and a
 * connection on which nothing is being asked is closed at once.
 *
 * Node closes idle connections by itself, but takes one that has not asked
 * anything yet for busy: a handshake without a request, a load balancer's probe.
 * A client that keeps such a connection, as API servers do, would hold up the end.
 */
export function closeConnectionsAtEnd(app: FastifyInstance): void {
  const open = new Map<string, Socket>();
  const busy = new Map<string, number>();
  let isClosing = false;
  const add = (key: string, count: number): void => {
    const left = (busy.get(key) ?? 0) + count;
    if (left > 0) busy.set(key, left);
    else busy.delete(key);
  };

  app.server.on('connection', (socket: Socket) => {
    const key = keyOf(socket);
    open.set(key, socket);
    socket.once('close', () => {
      open.delete(key);
      busy.delete(key);
    });
  });
  app.addHook('onRequest', async (request, reply) => {
    const key = keyOf(request.raw.socket);
    add(key, 1);
    reply.raw.once('close', () => add(key, -1));
  });
  app.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('connection', 'close');
  });
  app.addHook('preClose', async () => {
    isClosing = true;
    for (const [key, socket] of open) {
      if (!busy.has(key)) socket.destroy();
    }
  });
}

/** The same for a TCP socket and for the TLS socket over it. */
function keyOf(socket: Socket): string {
  return `${socket.remoteAddress}:${socket.remotePort}`;
}

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { FastifyInstance } from 'fastify';

/** Whether a server is on its way out. */
export interface Closing {
  readonly hasBegun: boolean;
}

/**
 * Lets a closing server end: connections that never asked anything are closed at
 * once. Fastify closes those that are idle after a request; what is in flight is
 * answered, and whoever answers has to say `Connection: close` then.
 *
 * Node takes a connection that has not asked anything yet for busy: a handshake
 * without a request, a load balancer's probe. A client that keeps such a
 * connection, as API servers do, would hold up the end.
 */
export function closeConnectionsAtEnd(app: FastifyInstance): Closing {
  /** Before their first request: TCP sockets, and the TLS sockets over them once the handshake is over. */
  const silent = new Set<Socket>();
  const handshaking = new Map<string, Socket>();
  const closing = { hasBegun: false };

  app.server.on('connection', (socket: Socket) => {
    const key = keyOf(socket);
    silent.add(socket);
    handshaking.set(key, socket);
    socket.once('close', () => {
      silent.delete(socket);
      handshaking.delete(key);
    });
  });
  app.server.on('secureConnection', (socket: TLSSocket) => {
    const key = keyOf(socket);
    const below = handshaking.get(key);
    if (below !== undefined) silent.delete(below);
    handshaking.delete(key);
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  // Each request passes here: nothing but this is done for it.
  app.server.on('request', ({ socket }: IncomingMessage) => silent.delete(socket));
  app.addHook('preClose', (done) => {
    closing.hasBegun = true;
    for (const socket of silent) socket.destroy();
    done();
  });
  return closing;
}

/** The same for a TCP socket and for the TLS socket over it. */
function keyOf(socket: Socket): string {
  return `${socket.remoteAddress}:${socket.remotePort}`;
}

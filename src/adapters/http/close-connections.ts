import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { FastifyInstance } from 'fastify';

/** What is known of one open connection. */
interface Connection {
  readonly socket: Socket;
  /** Requests that it waits for an answer to. */
  asked: number;
}

/**
 * Lets a closing server end: answers in flight say `Connection: close`, and a
 * connection on which nothing is being asked is closed at once.
 *
 * Node closes idle connections by itself, but takes one that has not asked
 * anything yet for busy: a handshake without a request, a load balancer's probe.
 * A client that keeps such a connection, as API servers do, would hold up the end.
 */
export function closeConnectionsAtEnd(app: FastifyInstance): void {
  const open = new Map<string, Connection>();
  /** Requests come over the TLS socket, which Node tells of when the handshake is over. */
  const ofTls = new WeakMap<Socket, Connection>();
  let isClosing = false;

  app.server.on('connection', (socket: Socket) => {
    const key = keyOf(socket);
    open.set(key, { socket, asked: 0 });
    socket.once('close', () => open.delete(key));
  });
  app.server.on('secureConnection', (socket: TLSSocket) => {
    const connection = open.get(keyOf(socket));
    if (connection !== undefined) ofTls.set(socket, connection);
  });
  app.addHook('onRequest', (request, reply, done) => {
    const connection = ofTls.get(request.raw.socket);
    if (connection !== undefined) {
      connection.asked += 1;
      reply.raw.once('close', () => {
        connection.asked -= 1;
      });
    }
    done();
  });
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (isClosing) reply.header('connection', 'close');
    done(null, payload);
  });
  app.addHook('preClose', (done) => {
    isClosing = true;
    for (const { socket, asked } of open.values()) {
      if (asked === 0) socket.destroy();
    }
    done();
  });
}

/** The same for a TCP socket and for the TLS socket over it. */
function keyOf(socket: Socket): string {
  return `${socket.remoteAddress}:${socket.remotePort}`;
}

import type { FastifyReply } from 'fastify';
import type { Closing } from './close-connections.ts';

/**
 * Sends the answer to an AdmissionReview past Fastify's chain of serialisers and
 * hooks: the body is JSON text already, and no hook looks at it.
 *
 * @param body of ASCII, so that it has as many bytes as characters
 */
export function sendReview(reply: FastifyReply, body: string, closing: Closing): void {
  reply.hijack();
  const headers: Record<string, string | number> = {
    'content-type': 'application/json',
    'content-length': body.length,
  };
  if (closing.hasBegun) headers['connection'] = 'close';
  reply.raw.writeHead(200, headers).end(body, 'latin1');
}

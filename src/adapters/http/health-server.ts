import Fastify, { type FastifyInstance } from 'fastify';
import type { Metrics } from '../metrics.ts';
import { withoutSchemas } from './without-schemas.ts';

/** What a process still lacks to be ready; empty when it is. */
export type Readiness = () => readonly string[];

/** Builds the plain HTTP server of health and metrics; listening is up to the caller. */
export function buildHealthServer(readiness: Readiness, metrics: Metrics): FastifyInstance {
  const app = Fastify({
    ...withoutSchemas,
    logger: false,
    forceCloseConnections: true,
    return503OnClosing: false,
  });
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const missing = readiness();
    if (missing.length === 0) return { status: 'ready' };
    reply.code(503);
    return { status: 'not ready', missing };
  });
  app.get('/metrics', async (_request, reply) => {
    reply.header('content-type', metrics.registry.contentType);
    return metrics.registry.metrics();
  });
  app.setNotFoundHandler((_request, reply) => {
    reply.code(404).send({ error: 'GET /healthz, /readyz or /metrics' });
  });
  return app;
}

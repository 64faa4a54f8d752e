import type { IncomingMessage } from 'node:http';
import type { Server } from 'node:https';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { admissionResponse, parseAdmissionReview } from '../../admission/admission-review.ts';
import type { Reviewer } from '../../admission/review-outcome.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { CertificatePair } from '../tls/certificate-pair.ts';
import { closeConnectionsAtEnd } from './close-connections.ts';
import { HttpError, toHttpError } from './http-error.ts';
import { logReview } from './log-review.ts';
import { readBody } from './read-body.ts';

/** Longer than the 90 s after which API servers close an idle connection: the closing side must be theirs. */
const keepAliveMs = 120_000;

/** A request has to be here whole by then; the API server itself gives up after 30 s at the latest. */
const requestTimeoutMs = 30_000;

/** Older versions are broken, and no API server needs them. */
const tlsOptions = { minVersion: 'TLSv1.2' } as const;

/** Enough to see what was asked for. */
const loggedPathLength = 100;

export interface AdmissionEndpoint {
  /** E.g. `/mutate/pods`. */
  readonly path: string;
  readonly webhook: 'mutate' | 'validate';
  readonly resource: 'functions' | 'pods';
  readonly review: Reviewer;
}

export interface AdmissionServerOptions {
  readonly endpoints: readonly AdmissionEndpoint[];
  readonly log: Logger;
  readonly metrics: Metrics;
}

/**
 * Builds the HTTPS server of the admission endpoints; listening is up to the
 * caller. Until it is given a certificate it refuses every handshake.
 */
export function buildAdmissionServer(options: AdmissionServerOptions): FastifyInstance {
  const { log, metrics } = options;
  const app = Fastify({
    https: tlsOptions,
    keepAliveTimeout: keepAliveMs,
    requestTimeout: requestTimeoutMs,
    // A connection that is still open at shutdown gets its answers; idle ones are closed.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    logger: false,
    frameworkErrors: (error, request, reply) => {
      answerError(error, request, reply, options);
    },
  }) as unknown as FastifyInstance;

  closeConnectionsAtEnd(app);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    async (request: FastifyRequest, stream: IncomingMessage) => {
      // API servers compress nothing that they send to webhooks.
      if (request.headers['content-encoding'] !== undefined) {
        throw new HttpError('unsupportedMediaType', 'the body must not be compressed');
      }

      const body = await readBody(stream);
      try {
        return JSON.parse(body.toString());
      } catch (error) {
        throw new HttpError('malformedJson', undefined, { cause: error });
      }
    },
  );
  app.setErrorHandler((error, request, reply) => {
    answerError(error, request, reply, options);
  });
  app.setNotFoundHandler((request, reply) => {
    answerError(new HttpError('notFound'), request, reply, options);
  });

  for (const endpoint of options.endpoints) {
    app.post(endpoint.path, async (request, reply) => {
      const startedAt = performance.now();
      const review = parseAdmissionReview(request.body);
      if ('error' in review) throw new HttpError('badReview', review.error);
      const outcome = await endpoint.review(review);
      const body = JSON.stringify(admissionResponse(review.uid, outcome.answer));
      const milliseconds = performance.now() - startedAt;
      const { webhook, resource } = endpoint;
      metrics.observeReview({
        webhook,
        resource,
        operation: review.operation,
        seconds: milliseconds / 1000,
        outcome,
      });
      logReview(log, endpoint, review, outcome, milliseconds);
      reply.header('content-type', 'application/json');
      return body;
    });
  }
  return app;
}

/**
 * Gives the server a certificate, also while it runs: connections that are open
 * stay as they are, new ones are shown this one.
 */
export function serveCertificate(
  app: FastifyInstance,
  { certificate, key }: Pick<CertificatePair, 'certificate' | 'key'>,
): void {
  // What is not said again here would be Node's default from now on.
  (app.server as Server).setSecureContext({ ...tlsOptions, cert: certificate, key });
}

/** A short JSON error; what went wrong inside stays in the log, under the id that the client gets. */
function answerError(
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  { log, metrics }: AdmissionServerOptions,
): void {
  const error = toHttpError(thrown);
  metrics.observeError(error.code);
  const id = error.code === 'internal' ? crypto.randomUUID() : undefined;
  const fields = { code: error.code, path: pathOf(request), ...(id === undefined ? {} : { id }) };
  if (id === undefined) {
    log.warn(fields, `request refused: ${error.message}`);
  } else {
    log.error({ ...fields, err: error.cause }, 'internal error');
  }
  reply
    .code(error.statusCode)
    .header('content-type', 'application/json')
    .send(
      JSON.stringify({
        error: error.message,
        code: error.code,
        ...(id === undefined ? {} : { id }),
      }),
    );
}

/** Without the query, in which people put secrets, and no longer than any path of ours could be. */
function pathOf(request: FastifyRequest): string {
  return (request.url.split('?', 1)[0] ?? '').slice(0, loggedPathLength);
}

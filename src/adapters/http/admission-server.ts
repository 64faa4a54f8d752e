import type { IncomingMessage } from 'node:http';
import type { Server } from 'node:https';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { admissionResponse, parseAdmissionReview } from '../../admission/admission-review.ts';
import type { Reviewer, ReviewOutcome } from '../../admission/review-outcome.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { CertificatePair } from '../tls/certificate-pair.ts';
import { closeConnectionsAtEnd } from './close-connections.ts';
import { HttpError, toHttpError } from './http-error.ts';
import { logReview } from './log-review.ts';
import { readBody } from './read-body.ts';
import { sendReview } from './send-review.ts';
import { withoutSchemas } from './without-schemas.ts';

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
    ...withoutSchemas,
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

  const closing = closeConnectionsAtEnd(app);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    (request: FastifyRequest, stream: IncomingMessage, done) => {
      // API servers compress nothing that they send to webhooks.
      if (request.headers['content-encoding'] !== undefined) {
        done(new HttpError('unsupportedMediaType', 'the body must not be compressed'));
        return;
      }
      readBody(stream, (error, body) => {
        if (error !== undefined) done(error);
        else parseBody(body, done);
      });
    },
  );
  app.setErrorHandler((error, request, reply) => {
    answerError(error, request, reply, options);
  });
  app.setNotFoundHandler((request, reply) => {
    answerError(new HttpError('notFound'), request, reply, options);
  });

  for (const endpoint of options.endpoints) {
    const { webhook, resource, review } = endpoint;
    // No promise where none is needed: nearly all that is asked for is in memory.
    app.post(endpoint.path, (request, reply) => {
      const startedAt = performance.now();
      const asked = parseAdmissionReview(request.body);
      if ('error' in asked) throw new HttpError('badReview', asked.error);
      const answer = (outcome: ReviewOutcome): void => {
        const body = admissionResponse(asked.uid, outcome.answer);
        const milliseconds = performance.now() - startedAt;
        const { operation } = asked;
        const seconds = milliseconds / 1000;
        metrics.observeReview({ webhook, resource, operation, seconds, outcome });
        logReview(log, endpoint, asked, outcome, milliseconds);
        sendReview(reply, body, closing);
      };
      const outcome = review(asked);
      if (!(outcome instanceof Promise)) answer(outcome);
      else outcome.then(answer).catch((error: unknown) => reply.send(error));
    });
  }
  return app;
}

function parseBody(body: Buffer, done: (error: Error | null, parsed?: unknown) => void): void {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString());
  } catch (error) {
    done(new HttpError('malformedJson', undefined, { cause: error }));
    return;
  }
  done(null, parsed);
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

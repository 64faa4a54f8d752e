/** Every error that the admission endpoints answer with: code, status, and what the body says. */
const httpErrors = {
  malformedJson: { status: 400, message: 'the body is not JSON' },
  badReview: { status: 400, message: 'the body is not an AdmissionReview' },
  unsupportedMediaType: { status: 415, message: 'the content type must be application/json' },
  bodyTooLarge: { status: 413, message: 'the body is larger than 4 MiB' },
  notFound: {
    status: 404,
    message: 'POST to /mutate/functions, /validate/functions or /mutate/pods',
  },
  badRequest: { status: 400, message: 'the request cannot be read' },
  internal: { status: 500, message: 'internal error; the log has more under this id' },
} as const;

export type HttpErrorCode = keyof typeof httpErrors;

/** An error with its answer. `cause` is for the log alone. */
export class HttpError extends Error {
  readonly code: HttpErrorCode;
  readonly statusCode: number;

  constructor(code: HttpErrorCode, message?: string, options?: ErrorOptions) {
    super(message ?? httpErrors[code].message, options);
    this.name = 'HttpError';
    this.code = code;
    this.statusCode = httpErrors[code].status;
  }
}

/** Fastify's codes for what it refuses by itself. */
const fastifyErrors: Readonly<Record<string, HttpErrorCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupportedMediaType',
};

/** Translates whatever was thrown on the way to an answer; the unknown is internal. */
export function toHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  const known = typeof code === 'string' ? fastifyErrors[code] : undefined;
  if (known !== undefined) return new HttpError(known, undefined, { cause: error });
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return new HttpError('badRequest', undefined, { cause: error });
  }
  return new HttpError('internal', undefined, { cause: error });
}

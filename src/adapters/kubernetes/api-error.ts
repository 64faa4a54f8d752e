import { asObject, asText, at, type JsonObject } from '../../api/json.ts';

/** What may come of a request to an API server, other than an answer. */
export type ApiErrorKind =
  /** No answer: refused, reset, unknown host, untrusted certificate, no credentials to be had. */
  | 'unreachable'
  /** No answer in time. */
  | 'timeout'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  /** The resource version or continue token is too old: only a new list helps. */
  | 'gone'
  | 'throttled'
  /** Any other status that is no success. */
  | 'refused'
  /** An answer that cannot be read. */
  | 'malformed';

export interface ApiErrorOptions extends ErrorOptions {
  readonly status?: number | undefined;
  /** How long the API server asks to be left alone. */
  readonly retryAfterMs?: number | undefined;
  /** What was asked for, in the words of RBAC, e.g. `patch services`. */
  readonly request?: string | undefined;
}

const kinds: Readonly<Record<number, ApiErrorKind>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  410: 'gone',
  429: 'throttled',
};

/** Long enough for what API servers say, short enough for a log line. */
const messageLimit = 500;

/** The one error that this adapter's requests reject with, unless their caller gave up on them. */
export class ApiError extends Error {
  readonly kind: ApiErrorKind;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
  readonly request: string | undefined;

  constructor(kind: ApiErrorKind, message: string, options: ApiErrorOptions = {}) {
    super(asLine(message), options);
    this.name = 'ApiError';
    this.kind = kind;
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
    this.request = options.request;
  }
}

/** The error that an HTTP status and the `Status` object in its body stand for. */
export function statusError(status: number, body: unknown, retryAfterMs?: number): ApiError {
  const object: JsonObject | undefined = asObject(body);
  const reason = asText(object?.['reason']);
  const retryAfterSeconds = at(object, 'details', 'retryAfterSeconds');
  return new ApiError(
    // An expired continue token has been seen with both reasons; both mean a new list.
    reason === 'Expired' || reason === 'Gone' ? 'gone' : (kinds[status] ?? 'refused'),
    [String(status), asText(object?.['message']) ?? reason].filter(Boolean).join(' '),
    {
      status,
      retryAfterMs:
        retryAfterMs ??
        (typeof retryAfterSeconds === 'number' ? retryAfterSeconds * 1000 : undefined),
    },
  );
}

/** Turns whatever was thrown into an `ApiError`; the original stays as its cause. */
export function asApiError(thrown: unknown, kind: ApiErrorKind = 'unreachable'): ApiError {
  if (thrown instanceof ApiError) return thrown;
  const error: NodeJS.ErrnoException = thrown instanceof Error ? thrown : new Error(String(thrown));
  // Node says "aborted" of a connection that was cut, and nothing at all when every address of a host failed.
  const code = error.code === undefined || error.message.includes(error.code) ? '' : error.code;
  const message = [error.message, error.message === '' ? code : code && `(${code})`];
  return new ApiError(kind, message.filter(Boolean).join(' ') || error.name, { cause: thrown });
}

/**
 * Whether something could not be made because its namespace is going, or gone: what
 * is in it goes as well, and nobody has to do anything.
 */
export function isOfLeavingNamespace({ message }: ApiError): boolean {
  return leavingNamespace.test(message);
}

/** In the words of API servers; the reason alone, 403 or 404, says too little. */
const leavingNamespace = /because it is being terminated|\b404 namespaces "/;

function asLine(message: string): string {
  const line = message.replace(/\s+/g, ' ').trim();
  return line.length <= messageLimit ? line : `${line.slice(0, messageLimit)}…`;
}

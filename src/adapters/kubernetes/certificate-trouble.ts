import type { Logger } from '../log.ts';
import { ApiError } from './api-error.ts';
import { RecentCauses } from './recent-causes.ts';

/** Tells of trouble with certificates, and what comes of it; the same once in some minutes. */
export class CertificateTrouble {
  readonly #log: Logger;
  readonly #servedUntil: () => Date | undefined;
  readonly #date: () => Date;
  readonly #reported = new RecentCauses();

  /** @param servedUntil when the certificate expires that is served; undefined while there is none */
  constructor(log: Logger, servedUntil: () => Date | undefined, date: () => Date) {
    this.#log = log;
    this.#servedUntil = servedUntil;
    this.#date = date;
  }

  /** A request that failed, or whatever else was thrown; it is tried again. */
  report(thrown: unknown): void {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const cause = error instanceof ApiError ? `${error.request} ${error.kind}` : error.message;
    const details = error instanceof ApiError ? { kind: error.kind } : {};
    this.#tell('warn', cause, error.message, details);
  }

  /** A Secret that somebody has to look at. */
  refuse(problem: string): void {
    this.#tell('error', problem, problem, {});
  }

  #tell(level: 'warn' | 'error', cause: string, message: string, details: object): void {
    if (!this.#reported.isNew(cause, performance.now())) return;
    const expiresAt = this.#servedUntil();
    const consequence =
      expiresAt === undefined
        ? 'there is no certificate to serve yet'
        : `the certificate that is served ${expiresAt <= this.#date() ? 'expired' : 'expires'} on ${expiresAt.toISOString()}`;
    this.#log[level]({ ...details, expiresAt }, `${message}; ${consequence}`);
  }
}

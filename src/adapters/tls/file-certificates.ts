import { join } from 'node:path';
import { fingerprintOf } from '../files/list-files.ts';
import type { Logger } from '../log.ts';
import { pause } from '../pause.ts';
import { CertificateError } from './certificate-error.ts';
import {
  type CertificatePair,
  certificateFiles,
  parseCertificate,
  readCertificatePair,
} from './certificate-pair.ts';
import type { CertificateSource } from './certificate-source.ts';

/** How often it is looked whether a file changed. Notifications miss what happens behind links and mounts. */
const defaultLookMs = 1_000;

export interface FileCertificatesOptions {
  /** Holds `tls.crt` and `tls.key`. */
  readonly folder: string;
  readonly log: Logger;
  readonly lookMs?: number;
  readonly date?: () => Date;
}

/**
 * A certificate that somebody else keeps in files: cert-manager, an admin. Read
 * again when a file changes; one that cannot be used leaves the one before it in
 * use, and is tried again, since it may become usable without a change of the
 * files: by a right to read them, or when its time has come.
 */
export class FileCertificates implements CertificateSource {
  readonly #options: FileCertificatesOptions;
  readonly #date: () => Date;
  readonly #stop = new AbortController();
  #looking: Promise<void> = Promise.resolve();
  #served: CertificatePair | undefined;
  /** Why what is in the files cannot be used, as it was told; undefined when it can. */
  #problem: string | undefined;

  constructor(options: FileCertificatesOptions) {
    this.#options = options;
    this.#date = options.date ?? (() => new Date());
  }

  async start(serve: (pair: CertificatePair) => void): Promise<void> {
    // Looked at before they are read: a change in between is found by the next look.
    const fingerprint = await this.#fingerprint();
    await this.#read(serve);
    this.#looking = this.#look(fingerprint, serve);
  }

  missing(): readonly string[] {
    return [];
  }

  staleness(): readonly [] {
    return [];
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#looking;
  }

  async #look(fingerprint: string, serve: (pair: CertificatePair) => void): Promise<void> {
    const { folder, log, lookMs = defaultLookMs } = this.#options;
    let last = fingerprint;
    for (;;) {
      await pause(lookMs, this.#stop.signal);
      if (this.#stop.signal.aborted) return;
      const now = await this.#fingerprint();
      if (now === last && this.#problem === undefined) continue;
      last = now;
      try {
        if (await this.#read(serve)) {
          log.info({ folder, expiresAt: this.#served?.expiresAt }, 'serving another certificate');
        }
        this.#problem = undefined;
      } catch (error) {
        this.#tell((error as Error).message);
      }
    }
  }

  #tell(problem: string): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#options.log.error(
      { problem, expiresAt: this.#served?.expiresAt },
      'certificate cannot be used; the one before stays until it expires',
    );
  }

  async #fingerprint(): Promise<string> {
    const { certificate, key } = certificateFiles;
    const files = [certificate, key].map((name) => join(this.#options.folder, name));
    return (await Promise.all(files.map(fingerprintOf))).join('\n');
  }

  /** @returns whether it is another one than before */
  async #read(serve: (pair: CertificatePair) => void): Promise<boolean> {
    const now = this.#date();
    const { folder } = this.#options;
    const pair = await readCertificatePair(folder, now);
    const { certificate, key } = this.#served ?? {};
    if (pair.certificate === certificate && pair.key === key) return false;
    if (this.#served !== undefined && this.#served.expiresAt > now) {
      assertBegun(pair, join(folder, certificateFiles.certificate), now);
    }
    serve(pair);
    this.#served = pair;
    return true;
  }
}

/** Where there is another one, there is no need to serve what API servers refuse. */
function assertBegun({ certificate }: CertificatePair, place: string, now: Date): void {
  const { validFromDate } = parseCertificate(certificate, place);
  if (validFromDate > now) {
    throw new CertificateError(`${place} is good only from ${validFromDate.toISOString()} on`);
  }
}

/**
 * A certificate that cannot be used, in a sentence that names the file and the way out.
 * By itself, so that whoever only explains it loads nothing that reads certificates.
 */
export class CertificateError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CertificateError';
  }
}

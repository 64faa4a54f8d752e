/** The programs cannot be had, in sentences that say what to do about it. */
export class AssetsError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AssetsError';
  }
}

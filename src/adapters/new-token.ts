import { randomBytes } from 'node:crypto';

/** Bytes of randomness in a token; more than anybody guesses. */
const tokenBytes = 32;

/** A fresh token: a text that fits into a header, in base64, as a Secret holds it. */
export function newTokenBase64(): string {
  return Buffer.from(randomBytes(tokenBytes).toString('base64url')).toString('base64');
}

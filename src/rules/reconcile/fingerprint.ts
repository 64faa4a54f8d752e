import type { JsonObject } from '../../api/json.ts';
import { canonicalForm } from './canonical-form.ts';

/**
 * A short text by which to compare a wanted object with what this project owns of
 * the live one (`ownedFields`): when both have the same, there is nothing to
 * write. Two different ones have the same by chance once in 2^64 times; it is no
 * protection against somebody who looks for such a pair.
 *
 * @param object JSON, which never contains itself
 */
export function fingerprint(object: JsonObject): string {
  const text = canonicalForm(object);
  // Two hashes of the FNV-1a kind: one alone, of 32 bits, would miss a change once in a long life.
  let first = 0x811c9dc5;
  let second = 0x9747b28c;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    first = Math.imul(first ^ unit, 0x01000193);
    second = Math.imul(second ^ unit, 0x5bd1e995);
    second ^= second >>> 15;
  }
  return hex(mixed(first)) + hex(mixed(second));
}

/** Spreads every bit over all of them, as MurmurHash3 does at its end: FNV leaves the low ones weak. */
function mixed(hash: number): number {
  let bits = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}

function hex(bits: number): string {
  return (bits >>> 0).toString(16).padStart(8, '0');
}

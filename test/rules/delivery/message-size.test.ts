import { describe, expect, it } from 'vitest';
import { defaultMaxHeldBytes } from '../../../src/rules/delivery/message-size.ts';

const mebibyte = 1024 ** 2;

describe('the bytes that a proxy holds at most', () => {
  it('are a quarter of what its container may take', () => {
    expect(defaultMaxHeldBytes(256 * mebibyte, 16_384 * mebibyte)).toBe(64 * mebibyte);
  });

  it('are a quarter of what the machine has where nothing limits the container', () => {
    for (const unlimited of [0, 2 ** 64]) {
      expect(defaultMaxHeldBytes(unlimited, 2048 * mebibyte)).toBe(512 * mebibyte);
    }
  });

  it('are a gibibyte where there is plenty', () => {
    expect(defaultMaxHeldBytes(0, 65_536 * mebibyte)).toBe(1024 * mebibyte);
  });
});

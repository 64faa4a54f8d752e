import { describe, expect, it } from 'vitest';
import { AppToken } from '../../../src/adapters/app-channel/app-token.ts';

describe('the token of the app', () => {
  it('is asked for where there is one, on invocations and events', () => {
    const token = new AppToken('secret', true);
    for (const given of [undefined, '', 'Secret', 'secret ', 'secretsecret', 'secret, secret']) {
      expect(token.admits(given), given).toBe(false);
      expect(token.admitsEvent(given), given).toBe(false);
    }
    expect(token.admits('secret')).toBe(true);
    expect(token.admitsEvent('secret')).toBe(true);
  });

  it('is not asked for on events that come from a daprd which does not send it', () => {
    const token = new AppToken('secret', false);
    expect(token.admitsEvent(undefined)).toBe(true);
    expect(token.admits(undefined)).toBe(false);
  });

  it('is not asked for where there is none', () => {
    for (const value of [undefined, '']) {
      const token = new AppToken(value, true);
      expect(token.value).toBeUndefined();
      expect(token.admits(undefined)).toBe(true);
      expect(token.admitsEvent('anything')).toBe(true);
    }
  });
});

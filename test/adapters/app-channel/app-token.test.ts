import { describe, expect, it } from 'vitest';
import { AppToken } from '../../../src/adapters/app-channel/app-token.ts';

describe('the token of the app', () => {
  it('is asked for where there is one, on invocations and events', () => {
    const token = new AppToken('secret', true);
    for (const given of ['', 'Secret', 'secret ', 'secretsecret', 'secret, secret']) {
      expect(token.admits(['dapr-api-token', given]), given).toBe(false);
      expect(token.admitsEvent(['dapr-api-token', given]), given).toBe(false);
    }
    for (const headers of [[], ['dapr-app-token', 'secret'], ['secret', 'dapr-api-token']]) {
      expect(token.admits(headers), headers.join()).toBe(false);
    }
    for (const name of ['dapr-api-token', 'Dapr-Api-Token']) {
      expect(token.admits([name, 'secret'])).toBe(true);
      expect(token.admitsEvent([name, 'secret'])).toBe(true);
    }
  });

  it('is found behind one that a message brought along', () => {
    const token = new AppToken('secret', true);
    const brought = ['dapr-api-token', "a broker's", 'x', 'y', 'dapr-api-token'];
    expect(token.admitsEvent([...brought, 'secret'])).toBe(true);
    expect(token.admitsEvent([...brought, 'other'])).toBe(false);
  });

  it('is not asked for on events that come from a daprd which does not send it', () => {
    const token = new AppToken('secret', false);
    expect(token.admitsEvent([])).toBe(true);
    expect(token.admits([])).toBe(false);
  });

  it('is not asked for where there is none', () => {
    for (const value of [undefined, '']) {
      const token = new AppToken(value, true);
      expect(token.value).toBeUndefined();
      expect(token.admits([])).toBe(true);
      expect(token.admitsEvent(['dapr-api-token', 'anything'])).toBe(true);
    }
  });
});

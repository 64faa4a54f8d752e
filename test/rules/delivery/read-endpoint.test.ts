import { describe, expect, it } from 'vitest';
import { endpointName, readEndpoint } from '../../../src/rules/delivery/read-endpoint.ts';

describe('host and port', () => {
  it('are read from one text, and written as one', () => {
    const texts = [
      '127.0.0.1:8080',
      '[::1]:8080',
      'orders-events.default.svc.cluster.local:1',
      'localhost:65535',
    ];
    for (const text of texts) {
      const endpoint = readEndpoint(text);
      expect(endpoint && endpointName(endpoint)).toBe(text);
    }
    expect(readEndpoint('[fd00::7]:80')).toEqual({ host: 'fd00::7', port: 80 });
  });

  it('are not read from anything else', () => {
    for (const text of [
      '',
      'a',
      ':80',
      'a:',
      'a:0',
      'a:65536',
      '::1:80',
      'http://a:80',
      'a b:80',
      '[a]:80',
      'a:80x',
    ]) {
      expect(readEndpoint(text), text).toBeUndefined();
    }
  });
});

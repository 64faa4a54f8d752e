import { describe, expect, it } from 'vitest';
import { daprdEnvironment } from '../../../src/rules/proxy/daprd-environment.ts';
import { functionInMode } from '../../support/functions.ts';

function environmentWith(annotations: Record<string, string>) {
  return Object.fromEntries(
    daprdEnvironment(functionInMode('standalone', { annotations })).map(({ name, value }) => [
      name,
      value,
    ]),
  );
}

describe('what a proxy is told of the daprd beside it', () => {
  it('is nothing where its user set nothing', () => {
    expect(environmentWith({})).toEqual({});
    expect(environmentWith({ 'dapr.io/enable-app-health-check': 'true' })).toEqual({});
  });

  it('is where daprd asks whether its app is well', () => {
    for (const [written, path] of [
      ['/alive', '/alive'],
      ['alive/now?deep=1', '/alive/now?deep=1'],
    ] as const) {
      const told = environmentWith({ 'dapr.io/app-health-check-path': written });
      expect(told).toEqual({ APP_HEALTH_CHECK_PATH: path });
    }
    for (const none of ['', 'a b', '/\u00e4']) {
      expect(environmentWith({ 'dapr.io/app-health-check-path': none }), none).toEqual({});
    }
  });

  it('is how large a message daprd lets through, where that is more than the proxy takes anyway', () => {
    for (const [name, written, bytes] of [
      ['max-body-size', '100Mi', '104857600'],
      ['max-body-size', '67108865', '67108865'],
      ['max-body-size', '1Ti', '2147483648'],
      ['http-max-request-size', '100', '104857600'],
    ] as const) {
      expect(environmentWith({ [`dapr.io/${name}`]: written }), written).toEqual({
        MAX_MESSAGE_SIZE: bytes,
      });
    }
    for (const [name, written] of [
      ['max-body-size', '64Mi'],
      ['max-body-size', '-1'],
      ['max-body-size', 'much'],
      ['http-max-request-size', '64'],
      ['http-max-request-size', '100Mi'],
    ] as const) {
      expect(environmentWith({ [`dapr.io/${name}`]: written }), written).toEqual({});
    }
  });
});

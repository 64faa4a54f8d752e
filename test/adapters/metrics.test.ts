import { expect, test } from 'vitest';
import { Metrics } from '../../src/adapters/metrics.ts';

test('the expiry of a certificate is told from the moment there is one', async () => {
  const metrics = new Metrics();
  const expiries = async (): Promise<string[]> =>
    (await metrics.registry.metrics())
      .split('\n')
      .filter((line) => line.startsWith('baas_certificate_expiry_timestamp_seconds'));
  expect(await expiries()).toEqual([]);
  metrics.setCertificateExpiry(new Date('2026-11-20T00:00:00Z'));
  expect(await expiries()).toEqual(['baas_certificate_expiry_timestamp_seconds 1795132800']);
});

import { expect, it } from 'vitest';
import { serviceHosts } from '../../../src/rules/certificates/service-hosts.ts';

it('a certificate is for every name of its Service, and for the other hosts, each once', () => {
  const address = { name: 'webhook', namespace: 'ours', clusterDomain: 'k8s.example' };
  expect(serviceHosts({ ...address, otherHosts: ['127.0.0.1', 'webhook.ours.svc'] })).toEqual([
    'webhook',
    'webhook.ours',
    'webhook.ours.svc',
    'webhook.ours.svc.k8s.example',
    '127.0.0.1',
  ]);
});

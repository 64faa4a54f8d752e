import { describe, expect, it } from 'vitest';
import {
  eventsService,
  proxyService,
  sidecarService,
} from '../../../src/rules/proxy/proxy-services.ts';
import { asyncServing, functionInMode, versions } from '../../support/functions.ts';
import { listAt, pick } from '../../support/json.ts';

describe("the proxy's Service", () => {
  it("offers Dapr's HTTP and gRPC API under the proxy's name", () => {
    const service = proxyService(functionInMode('standalone'));
    expect(pick(service, 'metadata', 'name')).toBe('orders-dapr-proxy');
    expect(listAt(service, 'spec', 'ports')).toEqual([
      { name: 'http', port: 3500, targetPort: 3500, protocol: 'TCP' },
      { name: 'grpc', port: 50001, targetPort: 50001, protocol: 'TCP' },
    ]);
  });
});

describe('the events Service', () => {
  it("reaches the Function's ready pods one by one", () => {
    for (const version of versions) {
      const fn = functionInMode('standalone', { version, serving: asyncServing(version) });
      const service = eventsService(fn);
      expect(pick(service, 'metadata', 'name')).toBe('orders-events');
      expect(pick(service, 'spec')).toMatchObject({
        clusterIP: 'None',
        publishNotReadyAddresses: false,
        selector: { 'openfunction.io/function': 'orders' },
      });
    }
  });

  it("has the function's port on both sides, since a headless Service maps none", () => {
    const serving = asyncServing('v1beta1');
    const fn = functionInMode('standalone', { serving, spec: { port: 9000 } });
    for (const port of listAt(eventsService(fn), 'spec', 'ports')) {
      expect(port).toMatchObject({ port: 9000, targetPort: 9000 });
    }
  });
});

describe('the Service of sidecar mode', () => {
  it("is the one that Dapr's operator would make: headless, named after the app-id", () => {
    const service = sidecarService(functionInMode('sidecar'));
    expect(pick(service, 'metadata', 'name')).toBe('orders-shop-dapr');
    expect(pick(service, 'metadata', 'annotations', 'dapr.io/app-id')).toBe('orders-shop');
    expect(pick(service, 'metadata', 'labels', 'dapr.io/enabled')).toBe('true');
    expect(pick(service, 'spec', 'clusterIP')).toBe('None');
    expect(pick(service, 'spec', 'selector')).toEqual({ 'openfunction.io/function': 'orders' });
    const numbers = listAt(service, 'spec', 'ports').map((port) => port['targetPort']);
    expect(numbers).toEqual(expect.arrayContaining([3500, 50001, 50002]));
  });

  it('follows the ports that the user chose', () => {
    const annotations = { 'dapr.io/grpc-port': '50055', 'dapr.io/internal-grpc-port': '50056' };
    const service = sidecarService(functionInMode('sidecar', { annotations }));
    const numbers = listAt(service, 'spec', 'ports').map((port) => port['targetPort']);
    expect(numbers).toEqual(expect.arrayContaining([3500, 50055, 50056]));
  });
});

describe('every Service', () => {
  it('has a target equal to its port, and names its ports', () => {
    const fn = functionInMode('standalone', { serving: asyncServing('v1beta1') });
    for (const service of [proxyService(fn), eventsService(fn), sidecarService(fn)]) {
      const ports = listAt(service, 'spec', 'ports');
      expect(ports.length).toBeGreaterThan(0);
      for (const port of ports) {
        expect(port['name']).toMatch(/^[a-z][a-z-]{0,14}$/);
        expect(port['targetPort']).toBe(port['port']);
      }
    }
  });
});

import { describe, expect, it } from 'vitest';
import {
  appIdOf,
  appPortOf,
  appProtocolOf,
  componentNameOf,
  daprGrpcPortOf,
  daprHostOf,
  eventsServiceNameOf,
  isDnsLabel,
  isLabelValue,
  proxyNameOf,
  toDnsLabel,
} from '../../src/rules/names.ts';
import { modelOf, namespace, v1beta1, v1beta2 } from '../support/functions.ts';

/** RFC 1123, spelled out here as well. */
const dnsLabel = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;

function named(name: string, annotations: Record<string, string> = {}) {
  return modelOf(v1beta1({ name, annotations }));
}

/** A name of a length, with a separator at every eleventh character. */
function nameOfLength(length: number): string {
  return 'abcdefghij-'.repeat(30).slice(0, length).replace(/-$/, 'z');
}

describe('the Dapr app-id', () => {
  it('is function and namespace', () => {
    expect(appIdOf(named('orders'))).toBe('orders-shop');
  });

  it('is what the user wrote under spec.serving.annotations', () => {
    expect(appIdOf(named('orders', { 'dapr.io/app-id': 'my-app' }))).toBe('my-app');
  });

  it('keeps a name of just 58 characters, and shortens one of 59', () => {
    const fits = nameOfLength(58 - '-shop'.length);
    expect(appIdOf(named(fits))).toBe(`${fits}-shop`);
    expect(appIdOf(named(fits))).toHaveLength(58);

    const tooLong = `${fits}x`;
    const appId = appIdOf(named(tooLong));
    expect(appId.slice(0, 49)).toBe(`${tooLong}-shop`.slice(0, 49));
    expect(appId.slice(49)).toMatch(/^-[0-9a-f]{8}$/);
  });

  it('drops a "-" on which the first 49 characters would end', () => {
    const name = `${'a'.repeat(48)}-${'b'.repeat(30)}`;
    expect(appIdOf(named(name))).toMatch(/^a{48}-[0-9a-f]{8}$/);
    const many = `${'a'.repeat(40)}${'-'.repeat(20)}${'b'.repeat(30)}`;
    expect(appIdOf(named(many))).toMatch(/^a{40}-[0-9a-f]{8}$/);
  });

  it('leaves room for the Service that Dapr names after it', () => {
    for (let length = 1; length <= 253; length += 1) {
      const appId = appIdOf(named(nameOfLength(length)));
      expect(appId).toMatch(dnsLabel);
      expect(`${appId}-dapr`.length).toBeLessThanOrEqual(63);
    }
  });

  it('holds no dot, although the name of a Function may', () => {
    for (const name of ['my.orders', 'a.b.c', `${'a'.repeat(60)}.b`]) {
      expect(appIdOf(named(name))).toMatch(dnsLabel);
    }
  });

  it('keeps names apart that begin alike, and dots from dashes', () => {
    const start = 'a'.repeat(100);
    const names = Array.from({ length: 1000 }, (_, index) => `${start}${index}`);
    expect(new Set(names.map((name) => appIdOf(named(name)))).size).toBe(names.length);
    expect(appIdOf(named('my.orders'))).not.toBe(appIdOf(named('my-orders')));
    expect(appIdOf(named('my.orders'))).not.toBe(appIdOf(named('my.order.s')));
  });

  it('is the same each time it is asked for', () => {
    const name = nameOfLength(200);
    expect(appIdOf(named(name))).toBe(appIdOf(named(name)));
  });
});

describe('the proxy', () => {
  it('is called after the Function', () => {
    expect(proxyNameOf(named('orders'))).toBe('orders-dapr-proxy');
    expect(eventsServiceNameOf(named('orders'))).toBe('orders-events');
  });

  it('does not take the Service name that Dapr owns', () => {
    for (const name of ['orders', nameOfLength(60), 'my.orders']) {
      const fn = named(name);
      expect(proxyNameOf(fn)).not.toBe(`${appIdOf(fn)}-dapr`);
      expect(eventsServiceNameOf(fn)).not.toBe(`${appIdOf(fn)}-dapr`);
    }
  });

  it('is shortened past 63 characters, with a hash', () => {
    const fits = nameOfLength(63 - '-dapr-proxy'.length);
    expect(proxyNameOf(named(fits))).toBe(`${fits}-dapr-proxy`);
    expect(proxyNameOf(named(`${fits}x`))).toMatch(/-[0-9a-f]{8}$/);
    for (let length = 1; length <= 253; length += 1) {
      for (const name of [proxyNameOf, eventsServiceNameOf]) {
        const made = name(named(nameOfLength(length)));
        expect(made).toMatch(dnsLabel);
        expect(made.length).toBeLessThanOrEqual(63);
      }
    }
  });

  it('has another name than its events Service, however long the Function is called', () => {
    for (let length = 1; length <= 253; length += 1) {
      const fn = named(nameOfLength(length));
      expect(proxyNameOf(fn)).not.toBe(eventsServiceNameOf(fn));
    }
  });

  it('is reached under its Service name, in the cluster domain of the cluster', () => {
    expect(daprHostOf(named('orders'), 'cluster.local')).toBe(
      'orders-dapr-proxy.shop.svc.cluster.local',
    );
    expect(daprHostOf(named('orders'), 'example.internal')).toBe(
      'orders-dapr-proxy.shop.svc.example.internal',
    );
  });
});

describe('app port and protocol', () => {
  it('come from spec.port in v1beta1', () => {
    expect(appPortOf(modelOf(v1beta1({ spec: { port: 9000 } })))).toBe('9000');
    expect(appPortOf(modelOf(v1beta1()))).toBe('8080');
  });

  it('come from the HTTP trigger in v1beta2', () => {
    const serving = { triggers: { http: { port: 9000 } } };
    expect(appPortOf(modelOf(v1beta2({ serving })))).toBe('9000');
    expect(appPortOf(modelOf(v1beta2({ spec: { port: 9000 } })))).toBe('8080');
    expect(appPortOf(modelOf(v1beta2({ serving: { triggers: { dapr: [] } } })))).toBe('8080');
  });

  it('takes what is no port for absent', () => {
    for (const port of [0, -1, 65536, 1.5, '', 'http', '99999', null, true, [8080], {}]) {
      expect(appPortOf(modelOf(v1beta1({ spec: { port } })))).toBe('8080');
    }
  });

  it('is gRPC unless the user says otherwise', () => {
    expect(appProtocolOf(named('orders'))).toBe('grpc');
    expect(appProtocolOf(named('orders', { 'dapr.io/app-protocol': 'http' }))).toBe('http');
  });

  it('lets the Dapr gRPC port follow its annotation, when that is a port', () => {
    expect(daprGrpcPortOf(named('orders'))).toBe(50001);
    expect(daprGrpcPortOf(named('orders', { 'dapr.io/grpc-port': '50055' }))).toBe(50055);
    for (const port of ['', 'grpc', '0', '70000']) {
      expect(daprGrpcPortOf(named('orders', { 'dapr.io/grpc-port': port }))).toBe(50001);
    }
  });
});

describe('the name of a Dapr Component', () => {
  it('is function and component', () => {
    expect(componentNameOf(named('orders'), 'kafka')).toBe('orders-kafka');
  });

  it('is a valid object name whatever the component is called', () => {
    const declared = [
      'Kafka',
      'kafka_1',
      'a/b',
      'ä',
      '',
      '-',
      '__proto__',
      'k'.repeat(300),
      '日本',
    ];
    for (const name of ['orders', 'my.orders', nameOfLength(253)]) {
      for (const component of declared) {
        const made = componentNameOf(named(name), component);
        expect(made.length).toBeLessThanOrEqual(253);
        for (const label of made.split('.')) expect(label).toMatch(dnsLabel);
      }
    }
  });

  it('keeps components apart that differ in what no name can hold', () => {
    const fn = named('orders');
    const names = ['kafka_a', 'kafka-a', 'kafka/a', 'Kafka-a'].map((one) =>
      componentNameOf(fn, one),
    );
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('a shortened name', () => {
  it('is a DNS label for whatever goes in', () => {
    for (const name of ['', '-', '---', '.', 'A', 'ä', '0', 'a'.repeat(1000), '-a-', '日本語']) {
      for (const maxLength of [58, 63]) {
        const label = toDnsLabel(name, maxLength);
        expect(label).toMatch(dnsLabel);
        expect(label.length).toBeLessThanOrEqual(maxLength);
      }
    }
  });

  it('stays as it is when it fits', () => {
    for (const name of ['a', '0', 'a-b', 'a'.repeat(58)]) expect(toDnsLabel(name, 58)).toBe(name);
  });
});

describe('what a name may be', () => {
  it('knows a DNS label', () => {
    for (const name of ['a', '0a', 'a-b', 'a'.repeat(63)]) expect(isDnsLabel(name)).toBe(true);
    for (const name of ['', '-a', 'a-', 'A', 'a.b', 'a_b', 'a'.repeat(64), 'a\n']) {
      expect(isDnsLabel(name)).toBe(false);
    }
  });

  it('knows a label value', () => {
    for (const value of ['', 'a', 'A.b_c-d', 'a'.repeat(63)])
      expect(isLabelValue(value)).toBe(true);
    for (const value of ['-a', 'a-', '.', 'a b', 'a/b', 'a'.repeat(64), 'a\n']) {
      expect(isLabelValue(value)).toBe(false);
    }
  });
});

it('puts a Function into the namespace of the request when it names none', () => {
  const object = v1beta1({ metadata: { namespace: '' } });
  expect(modelOf(object).namespace).toBe(namespace);
  expect(appIdOf(modelOf(object))).toBe('orders-shop');
});

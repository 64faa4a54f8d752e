import { applyPatch as applyJsonPatch } from 'fast-json-patch';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/api/json.ts';
import { portReplacement } from '../../../src/rules/reconcile/port-replacement.ts';

/** The live object after the replacement; a failed test operation throws. */
function replaced(live: JsonObject, wanted: JsonObject): JsonObject {
  const patch = portReplacement(live, wanted);
  return applyJsonPatch(structuredClone(live), structuredClone(patch), true).newDocument;
}

const http = { name: 'http', port: 3500, targetPort: 3500, protocol: 'TCP' };
const moved = { ...http, port: 3555 };
const grpc = { name: 'grpc', port: 50001, targetPort: 50001, protocol: 'TCP' };

function service(...ports: JsonObject[]): JsonObject {
  return { kind: 'Service', metadata: { name: 'orders' }, spec: { clusterIP: '10.0.0.9', ports } };
}

function deployment(...containers: JsonObject[]): JsonObject {
  return { kind: 'Deployment', spec: { replicas: 3, template: { spec: { containers } } } };
}

const proxy = { name: 'dapr-proxy', ports: [{ name: 'function', containerPort: 8080 }] };

describe('ports whose numbers somebody changed', () => {
  it('are put back on a Service, and nothing else of it', () => {
    expect(replaced(service(moved, grpc), service(http, grpc))).toEqual(service(http, grpc));
  });

  it('are put back in the containers that are wanted, wherever they stand', () => {
    const mesh = { name: 'mesh', ports: [{ name: 'admin', containerPort: 15000 }] };
    const changed = { ...proxy, image: 'x', ports: [{ name: 'function', containerPort: 8081 }] };
    expect(replaced(deployment(mesh, changed), deployment(proxy))).toEqual(
      deployment(mesh, { ...changed, ports: proxy.ports }),
    );
  });

  it('are not put into another container, when the order changed meanwhile', () => {
    const patch = portReplacement(deployment(proxy), deployment(proxy));
    const other = deployment({ name: 'mesh', ports: [] }, proxy);
    expect(() => applyJsonPatch(other, structuredClone(patch), true)).toThrow();
  });

  it('are not put onto an object that took the place of the one they are of', () => {
    const wanted = { ...service(http), metadata: { name: 'orders', uid: 'ours' } };
    const theirs = { ...service(moved), metadata: { name: 'orders', uid: 'theirs' } };
    expect(() => replaced(theirs, wanted)).toThrow();
    const ours = { ...theirs, metadata: wanted.metadata };
    expect(replaced(ours, wanted)).toEqual(wanted);
  });

  it('are left alone on a kind that has none of its own', () => {
    for (const kind of ['NetworkPolicy', 'Component', 'Secret']) {
      expect(
        portReplacement({ kind, spec: { ports: [] } }, { kind, spec: { ports: [http] } }),
      ).toEqual([]);
    }
  });

  it('are read from anything without a throw', () => {
    for (const odd of [{}, { kind: 'Service' }, { kind: 'Deployment', spec: [] as never }]) {
      expect(portReplacement(odd, odd)).toEqual([]);
    }
  });
});

import type { JsonObject } from '../../../src/api/json.ts';

/** A Component of the namespace. */
export function component(
  name: string,
  type: string,
  metadata: Readonly<Record<string, string>> = {},
): JsonObject {
  return {
    apiVersion: 'dapr.io/v1alpha1',
    kind: 'Component',
    metadata: { name },
    spec: {
      type,
      version: 'v1',
      metadata: Object.entries(metadata).map(([key, value]) => ({ name: key, value })),
    },
  };
}

/** A subscription that a user declares, beside those that the app asks for. */
export function subscription(
  pubsub: string,
  topic: string,
  route: string,
  more: JsonObject = {},
): JsonObject {
  return {
    apiVersion: 'dapr.io/v2alpha1',
    kind: 'Subscription',
    metadata: { name: `${pubsub}-${topic}` },
    spec: { pubsubname: pubsub, topic, routes: { default: route }, ...more },
  };
}

/** Makes daprd hand over an event again and again, as a broker would. */
export function retriesOf(pubsub: string): JsonObject {
  return {
    apiVersion: 'dapr.io/v1alpha1',
    kind: 'Resiliency',
    metadata: { name: 'tests' },
    spec: {
      policies: { retries: { soon: { policy: 'constant', duration: '100ms', maxRetries: -1 } } },
      targets: { components: { [pubsub]: { inbound: { retry: 'soon' } } } },
    },
  };
}

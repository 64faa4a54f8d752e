import { onTestFinished } from 'vitest';
import type { AppChannelLimits } from '../../../../../src/adapters/app-channel/app-channel-options.ts';
import { AppToken } from '../../../../../src/adapters/app-channel/app-token.ts';
import { GrpcAppChannel } from '../../../../../src/adapters/app-channel/grpc/grpc-app-channel.ts';
import { EndpointPool } from '../../../../../src/proxy/endpoint-pool.ts';
import { EventDispatcher } from '../../../../../src/proxy/event-dispatcher.ts';
import { HeldBytes } from '../../../../../src/proxy/held-bytes.ts';
import { WaitingRoom } from '../../../../../src/proxy/waiting-room.ts';
import type { EventInputs } from '../../../../../src/rules/delivery/event-inputs.ts';
import type { HostAndPort } from '../../../../../src/rules/delivery/read-endpoint.ts';
import { logInMemory } from '../../../../support/log-in-memory.ts';

export interface ChannelSettings {
  readonly inputs?: Partial<EventInputs>;
  readonly endpoints?: readonly HostAndPort[];
  readonly token?: AppToken;
  readonly limits?: Partial<AppChannelLimits>;
  readonly waitMaxMs?: number;
  readonly maxWaiting?: number;
  readonly maxInFlight?: number;
  readonly maxHeldBytes?: number;
  /** A free one by default. */
  readonly port?: number;
}

/** What an observer was told. */
export interface Observed {
  readonly ended: { readonly input: string; readonly outcome: string }[];
  readonly unreached: { readonly endpoint: string; readonly cause: string }[];
  readonly lossPrevented: { readonly input: string; readonly endpoint: string }[];
}

/** The channel on a free port, with the real dispatcher behind it. */
export async function startChannel(settings: ChannelSettings = {}) {
  const observed: Observed = { ended: [], unreached: [], lossPrevented: [] };
  const observer = {
    ended: (input: string, outcome: string) => void observed.ended.push({ input, outcome }),
    unreached: ({ name }: { name: string }, cause: string) =>
      void observed.unreached.push({ endpoint: name, cause }),
    lossPrevented: (input: string, { name }: { name: string }) =>
      void observed.lossPrevented.push({ input, endpoint: name }),
  };
  const limits = {
    maxMessageBytes: 64 << 20,
    connectTimeoutMs: 2_000,
    responseTimeoutMs: 0,
    ...settings.limits,
  };
  const pool = new EndpointPool({
    connectTimeoutMs: limits.connectTimeoutMs,
    onGone: (endpoint) => channel.forget(endpoint),
  });
  const dispatcher = new EventDispatcher({
    pool,
    room: new WaitingRoom({
      waitMaxMs: settings.waitMaxMs ?? 30_000,
      maxCount: settings.maxWaiting ?? 5_000,
      maxBytes: 64 << 20,
    }),
    observer,
    maxInFlight: settings.maxInFlight ?? 10_000,
    hasEndpoints: true,
    onEndpointsWanted: () => undefined,
  });
  const held = new HeldBytes(settings.maxHeldBytes ?? 1 << 30);
  const channel = new GrpcAppChannel({
    inputs: {
      kind: 'async',
      topics: [{ pubsub: 'bus', topic: 'orders' }],
      bindings: ['timer'],
      port: 8080,
      ...settings.inputs,
    },
    dispatcher,
    observer,
    token: settings.token ?? new AppToken(undefined, true),
    limits,
    held,
    log: logInMemory().log,
  });
  const port = await channel.listen(settings.port ?? 0, '127.0.0.1');
  onTestFinished(() => channel.close());
  dispatcher.update(settings.endpoints ?? []);
  return { channel, dispatcher, observed, port, held };
}

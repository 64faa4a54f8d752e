import type { AppChannelOptions } from '../adapters/app-channel/app-channel-options.ts';
import { AppToken } from '../adapters/app-channel/app-token.ts';
import { DnsEndpoints } from '../adapters/dns/dns-endpoints.ts';
import type { Log } from '../adapters/line-log.ts';
import { ProxyHealthServer } from '../adapters/proxy-health/proxy-health-server.ts';
import { ProxyMetrics } from '../adapters/proxy-metrics/proxy-metrics.ts';
import type { AppChannel } from '../proxy/app-channel.ts';
import { drain } from '../proxy/drain.ts';
import { EndpointPool } from '../proxy/endpoint-pool.ts';
import { EventDispatcher } from '../proxy/event-dispatcher.ts';
import { HeldBytes } from '../proxy/held-bytes.ts';
import { WaitingRoom } from '../proxy/waiting-room.ts';
import type { EventInputs } from '../rules/delivery/event-inputs.ts';
import type { HostAndPort } from '../rules/delivery/read-endpoint.ts';
import { listenableAddress } from './listen.ts';

/** What daprd and the pods speak. */
export type AppProtocol = 'grpc' | 'http';

/** Where the Function's pods are. */
export type PodSource =
  | { readonly kind: 'fixed'; readonly endpoints: readonly HostAndPort[] }
  | {
      readonly kind: 'dns';
      readonly host: string;
      readonly port: number;
      /** Name servers; empty for those of the system. */
      readonly servers: readonly string[];
    }
  /** Nowhere: nothing can be forwarded, which is as it should be for a sync Function. */
  | { readonly kind: 'none' };

/** Times in seconds, sizes in bytes. */
export interface ProxySettings {
  readonly protocol: AppProtocol;
  readonly inputs: EventInputs;
  readonly pods: PodSource;
  /** The token that daprd sends; undefined where it sends none. Never logged. */
  readonly token: string | undefined;
  readonly isTokenOnEvents: boolean;
  readonly appHealthCheckPath: string;
  readonly listenAddress: string;
  readonly healthPort: number;
  readonly eventWait: number;
  readonly maxWaitingEvents: number;
  readonly maxWaitingSize: number;
  readonly maxMessageSize: number;
  readonly maxInFlight: number;
  readonly maxHeldSize: number;
  readonly connectTimeout: number;
  readonly responseTimeout: number;
  readonly gracePeriod: number;
  readonly quietTime: number;
}

export interface RunningProxy {
  readonly port: number;
  readonly healthPort: number;
  /**
   * Goes on until daprd is done, at most for the grace period.
   *
   * @returns how many events were in flight when it was over
   */
  stop(): Promise<number>;
  /** Ends at once, whatever is in flight. */
  kill(): Promise<void>;
}

/**
 * The proxy of one Function: daprd's app, in front of the Function's pods.
 *
 * @throws the system's error when it cannot listen; then nothing is left running
 */
export async function startProxy(settings: ProxySettings, log: Log): Promise<RunningProxy> {
  const metrics = new ProxyMetrics();
  const room = new WaitingRoom({
    waitMaxMs: settings.eventWait * 1000,
    maxCount: settings.maxWaitingEvents,
    maxBytes: settings.maxWaitingSize,
  });
  const limits = {
    maxMessageBytes: settings.maxMessageSize,
    connectTimeoutMs: settings.connectTimeout * 1000,
    responseTimeoutMs: settings.responseTimeout * 1000,
  };
  const pool = new EndpointPool({
    connectTimeoutMs: limits.connectTimeoutMs,
    onGone: (endpoint) => {
      channel.forget(endpoint);
      metrics.forget(endpoint);
    },
  });
  // In any case there is room for one message, framing included.
  const held = new HeldBytes(Math.max(settings.maxHeldSize, limits.maxMessageBytes + 1024));
  let dns: DnsEndpoints | undefined;
  const dispatcher = new EventDispatcher({
    pool,
    room,
    observer: metrics,
    maxInFlight: settings.maxInFlight,
    hasEndpoints: settings.pods.kind !== 'none',
    onEndpointsWanted: () => dns?.want(),
  });
  const channel = await openAppChannel(settings, {
    inputs: settings.inputs,
    dispatcher,
    observer: metrics,
    token: new AppToken(settings.token, settings.isTokenOnEvents),
    limits,
    held,
    log,
  });
  let isListening = false;
  const health = new ProxyHealthServer({
    // Also while it drains: what is in flight calls out through the daprd beside it, and
    // those calls find the way here only as long as the Pod is ready.
    missing: () => (isListening ? [] : ['app port listening']),
    pending: () => ({
      pending: dispatcher.waiting + dispatcher.inFlight,
      waiting: dispatcher.waiting,
      inFlight: dispatcher.inFlight,
    }),
    metrics: () =>
      metrics.render({
        inFlight: () => dispatcher.inFlight,
        waiting: () => dispatcher.waiting,
        waitingBytes: () => room.bytes,
        heldBytes: () => held.bytes,
        connections: () => channel.connections,
        endpoints: () =>
          pool.endpoints.map(({ endpoint, inFlight }) => ({ name: endpoint.name, inFlight })),
      }),
  });
  const close = async (): Promise<void> => {
    dns?.stop();
    await channel.close();
    // Health after the rest: until the end it tells what is pending.
    await health.close();
  };
  try {
    const address = await listenableAddress(settings.listenAddress);
    const healthPort = await health.listen(settings.healthPort, address);
    const port = await channel.listen(settings.inputs.port, address);
    isListening = true;
    dns = findPods(settings.pods, dispatcher, log);
    const stop = async (): Promise<number> => {
      const left = await drain(
        {
          refuseNew: () => dispatcher.refuseNew(),
          state: () => ({
            inFlight: dispatcher.inFlight,
            waiting: dispatcher.waiting,
            lastDeliveryAt: dispatcher.lastDeliveryAt,
            connections: channel.connections,
            wasCalled: channel.wasCalled,
          }),
        },
        { quietMs: settings.quietTime * 1000, graceMs: settings.gracePeriod * 1000 },
      );
      await close();
      return left;
    };
    return { port, healthPort, stop, kill: close };
  } catch (error) {
    // Why it could not start is what matters.
    await close().catch(() => undefined);
    throw error;
  }
}

/** Each protocol loads only its own libraries. */
async function openAppChannel(
  { protocol, appHealthCheckPath }: ProxySettings,
  options: AppChannelOptions,
): Promise<AppChannel> {
  if (protocol === 'grpc') {
    const { GrpcAppChannel } = await import('../adapters/app-channel/grpc/grpc-app-channel.ts');
    return new GrpcAppChannel(options);
  }
  const { HttpAppChannel } = await import('../adapters/app-channel/http/http-app-channel.ts');
  return new HttpAppChannel({ ...options, healthPath: appHealthCheckPath });
}

function findPods(
  pods: PodSource,
  dispatcher: EventDispatcher,
  log: Log,
): DnsEndpoints | undefined {
  if (pods.kind === 'fixed') dispatcher.update(pods.endpoints);
  if (pods.kind !== 'dns') return undefined;
  const dns = new DnsEndpoints({
    ...pods,
    onEndpoints: (endpoints) => dispatcher.update(endpoints),
    log,
  });
  dns.start();
  return dns;
}

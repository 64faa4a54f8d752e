import type { Endpoint } from '../../proxy/delivery.ts';
import type { DeliveryObserver, Outcome } from '../../proxy/delivery-observer.ts';
import { Durations } from './durations.ts';
import { EventCounts } from './event-counts.ts';
import { renderMetric, type Sample } from './prometheus-text.ts';

/** What is asked at a scrape. */
export interface ProxyMeasures {
  readonly inFlight: () => number;
  readonly waiting: () => number;
  readonly waitingBytes: () => number;
  readonly heldBytes: () => number;
  readonly connections: () => number;
  /** In flight, by name of the endpoint. */
  readonly endpoints: () => readonly { readonly name: string; readonly inFlight: number }[];
}

/**
 * Prometheus metrics of a proxy. Counted in plain maps, since it is done for every
 * event, and written without a library, which would take a tenth of the memory that a
 * proxy needs in all.
 */
export class ProxyMetrics implements DeliveryObserver {
  readonly #events = new EventCounts();
  readonly #durations = new Durations();
  readonly #prevented = new Map<string, number>();
  #unreached = 0;

  ended(input: string, outcome: Outcome, endpoint: Endpoint | undefined, ms: number): void {
    this.#events.count(input, outcome, endpoint);
    this.#durations.observe(input, ms / 1000);
  }

  unreached(): void {
    this.#unreached += 1;
  }

  lossPrevented(input: string): void {
    this.#prevented.set(input, (this.#prevented.get(input) ?? 0) + 1);
  }

  /** The endpoint is gone; what was counted for it is shown for a while. */
  forget(endpoint: Endpoint): void {
    this.#events.forget(endpoint);
  }

  /** Everything, in Prometheus' text format. */
  render(measures: ProxyMeasures): string {
    const endpoints = measures.endpoints();
    const names = new Set(endpoints.map(({ name }) => name));
    const { rss, heapUsed } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    return [
      renderMetric(
        'baas_proxy_events_total',
        'counter',
        'Events and invocations that ended, by what came of them and the pod that had them last.',
        this.#events.samples(names),
      ),
      renderMetric(
        'baas_proxy_event_duration_seconds',
        'histogram',
        'Time from taking an event to answering it, waiting included.',
        this.#durations.samples(),
      ),
      renderMetric(
        'baas_proxy_retries_total',
        'counter',
        'Times that a pod could not be reached, so that another one got the event.',
        one(this.#unreached),
      ),
      renderMetric(
        'baas_proxy_losses_prevented_total',
        'counter',
        'Answers of pods that would have made Dapr forget an event, and became a retry.',
        [...this.#prevented].map(([input, value]) => ({ labels: { input }, value })),
      ),
      renderMetric(
        'baas_proxy_in_flight',
        'gauge',
        'Events that are with pods now.',
        one(measures.inFlight()),
      ),
      renderMetric(
        'baas_proxy_waiting',
        'gauge',
        'Events that wait for a pod now.',
        one(measures.waiting()),
      ),
      renderMetric(
        'baas_proxy_waiting_bytes',
        'gauge',
        'Bytes of the events that wait for a pod now.',
        one(measures.waitingBytes()),
      ),
      renderMetric(
        'baas_proxy_held_bytes',
        'gauge',
        'Bytes of the events that arrive, wait or are with pods now.',
        one(measures.heldBytes()),
      ),
      renderMetric(
        'baas_proxy_connections',
        'gauge',
        'Open connections to the app port.',
        one(measures.connections()),
      ),
      renderMetric(
        'baas_proxy_endpoints',
        'gauge',
        'Pods that events can be brought to.',
        one(endpoints.length),
      ),
      renderMetric(
        'baas_proxy_endpoint_in_flight',
        'gauge',
        'Events that are with a pod now.',
        endpoints.map(({ name, inFlight }) => ({ labels: { endpoint: name }, value: inFlight })),
      ),
      renderMetric(
        'process_cpu_seconds_total',
        'counter',
        'Time that processors spent on this process.',
        one((user + system) / 1e6),
      ),
      renderMetric(
        'process_resident_memory_bytes',
        'gauge',
        'Memory that this process has.',
        one(rss),
      ),
      renderMetric(
        'nodejs_heap_size_used_bytes',
        'gauge',
        'Memory that objects of this process take.',
        one(heapUsed),
      ),
    ].join('');
  }
}

function one(value: number): readonly Sample[] {
  return [{ labels: {}, value }];
}

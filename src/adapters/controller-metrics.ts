import { Counter, Gauge, Histogram } from 'prom-client';
import type { Metrics } from './metrics.ts';

/** Seconds; a reconcile that writes nothing takes a millisecond, one that makes a proxy some requests. */
const durationBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What a gauge shows at a scrape; undefined where this process does not lead, and so does not know. */
export interface ControllerMeasures {
  readonly queueDepth: () => number | undefined;
  readonly isLeader: () => boolean;
  /** Function pods that were not admitted. */
  readonly missedPods: () => number | undefined;
  readonly functionsByMode: () => ReadonlyMap<string, number>;
  readonly proxiesByMode: () => ReadonlyMap<string, number> | undefined;
}

/** Prometheus metrics of the controller. Every label has a handful of values. */
export class ControllerMetrics {
  readonly #durations: Histogram<'result'>;
  readonly #writes: Counter<'kind' | 'verb'>;

  constructor({ registry }: Metrics, measures: ControllerMeasures) {
    const registers = [registry];
    this.#durations = new Histogram({
      name: 'baas_reconcile_duration_seconds',
      help: 'Time that the reconcile of one Function took.',
      labelNames: ['result'] as const,
      buckets: durationBuckets,
      registers,
    });
    this.#writes = new Counter({
      name: 'baas_writes_total',
      help: 'Requests that changed something in the cluster.',
      labelNames: ['kind', 'verb'] as const,
      registers,
    });
    gauge(
      registers,
      'baas_queue_depth',
      'Functions that wait to be reconciled.',
      measures.queueDepth,
    );
    gauge(registers, 'baas_leader', 'Whether this process is the one that reconciles.', () =>
      Number(measures.isLeader()),
    );
    gauge(
      registers,
      'baas_missed_pods',
      'Function pods that were not admitted by the webhook.',
      measures.missedPods,
    );
    gaugeByMode(
      registers,
      'baas_functions',
      'Functions by effective mode.',
      measures.functionsByMode,
    );
    gaugeByMode(
      registers,
      'baas_proxies',
      'Dapr proxies that are kept, by the mode of their Function; other than standalone: until its pods are gone.',
      measures.proxiesByMode,
    );
  }

  observeReconcile(seconds: number, result: 'success' | 'error'): void {
    this.#durations.observe({ result }, seconds);
  }

  countWrite(kind: string, verb: string): void {
    this.#writes.inc({ kind, verb });
  }
}

type Registers = Metrics['registry'][];

function gauge(
  registers: Registers,
  name: string,
  help: string,
  measure: () => number | undefined,
): void {
  const made = new Gauge({
    name,
    help,
    registers,
    collect: () => {
      const value = measure();
      // A gauge without labels that was reset shows 0, which a process that does not know must not say.
      if (value === undefined) made.remove();
      else made.set(value);
    },
  });
}

function gaugeByMode(
  registers: Registers,
  name: string,
  help: string,
  measure: () => ReadonlyMap<string, number> | undefined,
): void {
  const made = new Gauge({
    name,
    help,
    labelNames: ['mode'] as const,
    registers,
    collect: () => {
      made.reset();
      for (const [mode, count] of measure() ?? []) made.set({ mode }, count);
    },
  });
}

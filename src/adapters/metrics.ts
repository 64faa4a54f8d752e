import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { ReviewOutcome } from '../admission/review-outcome.ts';

/** Seconds; an admission takes well below a millisecond, one that waits for its Function 100 to 600. */
const durationBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

export interface MeasuredReview {
  /** `functions` or `pods`. */
  readonly resource: string;
  /** Which endpoint: `mutate` or `validate`. */
  readonly webhook: string;
  readonly operation: string;
  readonly seconds: number;
  readonly outcome: ReviewOutcome;
}

/** Operations that a request can have; anything else is counted as `OTHER`, so that no client grows the metric. */
const operations: ReadonlySet<string> = new Set(['CREATE', 'UPDATE', 'DELETE', 'CONNECT']);

type StalenessMeasure = () => readonly { resource: string; seconds: number }[];

/** Prometheus metrics of a process. Every label has a handful of values. */
export class Metrics {
  readonly registry = new Registry();
  readonly #requests = new Counter({
    name: 'baas_admission_requests_total',
    help: 'Admission requests that were answered.',
    labelNames: ['webhook', 'resource', 'operation', 'mode', 'outcome', 'skip_reason'] as const,
    registers: [this.registry],
  });
  readonly #durations = new Histogram({
    name: 'baas_admission_duration_seconds',
    help: 'Time from a parsed admission request to its answer.',
    labelNames: ['webhook', 'resource'] as const,
    buckets: durationBuckets,
    registers: [this.registry],
  });
  readonly #errors = new Counter({
    name: 'baas_admission_errors_total',
    help: 'Requests to the admission endpoints that got an HTTP error.',
    labelNames: ['code'] as const,
    registers: [this.registry],
  });
  readonly #invalidAnnotations = new Counter({
    name: 'baas_invalid_annotations_total',
    help: 'Times that an invalid stored annotation of a Function counted as unset.',
    labelNames: ['annotation'] as const,
    registers: [this.registry],
  });
  readonly #certificateExpiry = new Gauge({
    name: 'baas_certificate_expiry_timestamp_seconds',
    help: 'When the serving certificate expires, in seconds since 1970.',
    registers: [this.registry],
  });

  readonly #stalenessMeasures: StalenessMeasure[] = [];

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    // A gauge begins with 0, and an alert would take a process without a certificate for one whose has expired.
    this.#certificateExpiry.remove();
    const staleness = new Gauge({
      name: 'baas_watch_staleness_seconds',
      help: 'Time since the API server was last heard of a watched resource.',
      labelNames: ['resource'] as const,
      registers: [this.registry],
      collect: () => {
        staleness.reset();
        for (const { resource, seconds } of this.#stalenessMeasures.flatMap((measure) =>
          measure(),
        )) {
          staleness.set({ resource }, seconds);
        }
      },
    });
  }

  observeReview({ webhook, resource, operation, seconds, outcome }: MeasuredReview): void {
    this.#requests.inc({
      webhook,
      resource,
      operation: operations.has(operation) ? operation : 'OTHER',
      mode: outcome.mode ?? '',
      outcome: outcome.outcome,
      skip_reason: outcome.skipReason ?? '',
    });
    this.#durations.observe({ webhook, resource }, seconds);
    for (const annotation of outcome.invalidAnnotations ?? []) {
      this.#invalidAnnotations.inc({ annotation });
    }
  }

  observeError(code: string): void {
    this.#errors.inc({ code });
  }

  setCertificateExpiry(expiresAt: Date): void {
    this.#certificateExpiry.set(expiresAt.getTime() / 1000);
  }

  /** How long ago watched resources were last heard of, asked for at every scrape. */
  watchStaleness(measure: StalenessMeasure): void {
    this.#stalenessMeasures.push(measure);
  }
}

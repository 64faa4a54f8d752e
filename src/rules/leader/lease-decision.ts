import { asObject, asText, at, type JsonObject, jsonEquals } from '../../api/json.ts';

/** Timings of a leader election; client-go's names and defaults. */
export interface LeaseTimings {
  /** How long a lease that nobody renews keeps others out. */
  readonly leaseDurationMs: number;
  /** How long the leader tries to renew before it gives up. */
  readonly renewDeadlineMs: number;
  /** How long everybody waits between two attempts. */
  readonly retryPeriodMs: number;
}

/** A `coordination.k8s.io/v1` LeaseSpec. */
export interface LeaseSpec extends JsonObject {
  readonly holderIdentity: string;
  readonly leaseDurationSeconds: number;
  readonly acquireTime: string;
  readonly renewTime: string;
  readonly leaseTransitions: number;
}

/**
 * What was last seen of the Lease, and when by our own clock. The times inside
 * a Lease are another machine's: only whether it changes is compared, so that
 * clocks which disagree do no harm.
 */
export interface LeaseObservation {
  readonly spec: JsonObject;
  readonly seenAtMs: number;
}

export type LeaseStep =
  /** Somebody else holds it. */
  | { readonly kind: 'stand-by'; readonly holder: string }
  | { readonly kind: 'write'; readonly spec: LeaseSpec };

/** Takes note of a Lease: one that did not change was seen when it last changed. */
export function observeLease(
  before: LeaseObservation | undefined,
  spec: JsonObject,
  nowMs: number,
): LeaseObservation {
  return before !== undefined && jsonEquals(before.spec, spec) ? before : { spec, seenAtMs: nowMs };
}

/**
 * What a candidate does about the Lease: write itself into it, or stand by.
 *
 * @param observation undefined when there is no Lease yet
 * @param nowMs on the clock of the observation
 * @param time the same moment as Kubernetes writes it, with microseconds
 */
export function leaseStep(
  observation: LeaseObservation | undefined,
  identity: string,
  timings: LeaseTimings,
  nowMs: number,
  time: string,
): LeaseStep {
  const spec = asObject(observation?.spec);
  const holder = asText(spec?.['holderIdentity']) ?? '';
  const isOwn = holder === identity;
  if (
    observation !== undefined &&
    holder !== '' &&
    !isOwn &&
    isValid(observation, timings, nowMs)
  ) {
    return { kind: 'stand-by', holder };
  }
  const transitions = asCount(spec?.['leaseTransitions']);
  return {
    kind: 'write',
    spec: {
      holderIdentity: identity,
      leaseDurationSeconds: Math.round(timings.leaseDurationMs / 1000),
      acquireTime: isOwn ? (asText(spec?.['acquireTime']) ?? time) : time,
      renewTime: time,
      leaseTransitions: isOwn || observation === undefined ? transitions : transitions + 1,
    },
  };
}

/** The LeaseSpec that gives leadership back; undefined when it is not ours to give. */
export function releasedLease(
  spec: JsonObject,
  identity: string,
  time: string,
): LeaseSpec | undefined {
  if (at(spec, 'holderIdentity') !== identity) return undefined;
  return {
    holderIdentity: '',
    // client-go's way to say "at once"; an API server refuses a duration of none.
    leaseDurationSeconds: 1,
    acquireTime: time,
    renewTime: time,
    leaseTransitions: asCount(spec['leaseTransitions']),
  };
}

/** Whether a leader whose renewals fail has to stop: before anybody else may take over. */
export function mustStepDown(
  lastRenewedAtMs: number,
  timings: LeaseTimings,
  nowMs: number,
): boolean {
  return nowMs - lastRenewedAtMs >= timings.renewDeadlineMs;
}

/** The holder states how long its lease is good for; ours is only the fallback. */
function isValid(observation: LeaseObservation, timings: LeaseTimings, nowMs: number): boolean {
  const stated = asCount(observation.spec['leaseDurationSeconds']) * 1000;
  const durationMs = stated > 0 ? stated : timings.leaseDurationMs;
  return nowMs - observation.seenAtMs < durationMs;
}

function asCount(value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : 0;
}

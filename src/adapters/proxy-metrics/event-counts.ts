import type { Endpoint } from '../../proxy/delivery.ts';
import type { Outcome } from '../../proxy/delivery-observer.ts';
import type { Sample } from './prometheus-text.ts';

/** What events that reached no pod are counted under. */
const noEndpoint = '';

/** So long the counts of an endpoint that has gone are shown: several scrapes, by several that scrape. */
const shownGoneMs = 5 * 60_000;

type CountsByInput = Map<string, Map<Outcome, number>>;

/**
 * Events by input, outcome and endpoint. Inputs and outcomes are few; endpoints come
 * and go, and what was counted for one that has gone is shown for a while, and not kept.
 */
export class EventCounts {
  readonly #byEndpoint = new Map<string, CountsByInput>();
  /** Since when, by the monotonic clock. */
  readonly #goneSince = new Map<string, number>();

  count(input: string, outcome: Outcome, endpoint: Endpoint | undefined): void {
    const byInput = inner(this.#byEndpoint, endpoint?.name ?? noEndpoint);
    const byOutcome = inner(byInput, input);
    byOutcome.set(outcome, (byOutcome.get(outcome) ?? 0) + 1);
  }

  forget({ name }: Endpoint): void {
    this.#goneSince.set(name, performance.now());
    this.#dropOld();
  }

  /**
   * What there is to show at a scrape.
   *
   * @param there names of the endpoints that there are
   */
  *samples(there: ReadonlySet<string>): Generator<Sample> {
    this.#compareWith(there);
    this.#dropOld();
    for (const [endpoint, byInput] of this.#byEndpoint) {
      for (const [input, byOutcome] of byInput) {
        for (const [outcome, value] of byOutcome)
          yield { labels: { input, outcome, endpoint }, value };
      }
    }
  }

  /** One may be back; and what was in flight to one may have ended long after it went. */
  #compareWith(there: ReadonlySet<string>): void {
    for (const name of this.#byEndpoint.keys()) {
      if (name === noEndpoint || there.has(name)) this.#goneSince.delete(name);
      else if (!this.#goneSince.has(name)) this.#goneSince.set(name, performance.now());
    }
  }

  #dropOld(): void {
    const since = performance.now() - shownGoneMs;
    for (const [name, goneSince] of this.#goneSince) {
      if (goneSince > since) continue;
      this.#byEndpoint.delete(name);
      this.#goneSince.delete(name);
    }
  }
}

function inner<Key, InnerKey, Value>(
  outer: Map<Key, Map<InnerKey, Value>>,
  key: Key,
): Map<InnerKey, Value> {
  let found = outer.get(key);
  if (found === undefined) {
    found = new Map();
    outer.set(key, found);
  }
  return found;
}

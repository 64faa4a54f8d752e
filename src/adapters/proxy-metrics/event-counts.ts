import type { Endpoint } from '../../proxy/delivery.ts';
import type { Outcome } from '../../proxy/delivery-observer.ts';
import type { Sample } from './prometheus-text.ts';

/** What events that reached no pod are counted under. */
const noEndpoint = '';

type CountsByInput = Map<string, Map<Outcome, number>>;

/**
 * Events by input, outcome and endpoint. Inputs and outcomes are few; endpoints come
 * and go, and what was counted for one that has gone is shown once more, and not kept.
 */
export class EventCounts {
  readonly #byEndpoint = new Map<string, CountsByInput>();
  readonly #gone = new Set<string>();

  count(input: string, outcome: Outcome, endpoint: Endpoint | undefined): void {
    const byInput = inner(this.#byEndpoint, endpoint?.name ?? noEndpoint);
    const byOutcome = inner(byInput, input);
    byOutcome.set(outcome, (byOutcome.get(outcome) ?? 0) + 1);
  }

  forget({ name }: Endpoint): void {
    this.#gone.add(name);
  }

  /** One of that name is there again. */
  keep(name: string): void {
    this.#gone.delete(name);
  }

  /** What there is to show at a scrape. */
  *samples(): Generator<Sample> {
    for (const [endpoint, byInput] of this.#byEndpoint) {
      for (const [input, byOutcome] of byInput) {
        for (const [outcome, value] of byOutcome)
          yield { labels: { input, outcome, endpoint }, value };
      }
    }
    for (const name of this.#gone) this.#byEndpoint.delete(name);
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

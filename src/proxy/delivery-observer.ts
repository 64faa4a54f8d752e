import type { Endpoint, Refusal, Verdict } from './delivery.ts';

/** How a delivery ended, as metrics tell it. */
export type Outcome = Verdict | 'lost' | 'cancelled' | Refusal;

/** Who counts. Called for every event, so that it has to be quick. */
export interface DeliveryObserver {
  /**
   * A delivery ended.
   *
   * @param endpoint the pod that had it last; undefined when none had it
   * @param milliseconds from `deliver` to its result
   */
  ended(
    input: string,
    outcome: Outcome,
    endpoint: Endpoint | undefined,
    milliseconds: number,
  ): void;
  /** A pod could not be reached, so that another gets it. */
  unreached(endpoint: Endpoint, cause: string): void;
  /** A pod's answer would have made daprd forget the event: it became one that makes it retry. */
  lossPrevented(input: string, endpoint: Endpoint): void;
}

import type { Dispatcher } from '../../proxy/delivery.ts';
import type { DeliveryObserver } from '../../proxy/delivery-observer.ts';
import type { HeldBytes } from '../../proxy/held-bytes.ts';
import type { EventInputs } from '../../rules/delivery/event-inputs.ts';
import type { Log } from '../line-log.ts';
import type { AppToken } from './app-token.ts';

/** What an app channel needs, whatever its protocol. */
export interface AppChannelOptions {
  readonly inputs: EventInputs;
  readonly dispatcher: Dispatcher;
  readonly observer: DeliveryObserver;
  readonly token: AppToken;
  readonly limits: AppChannelLimits;
  readonly held: HeldBytes;
  readonly log: Log;
}

export interface AppChannelLimits {
  /** Largest message, to a pod and back. */
  readonly maxMessageBytes: number;
  /** How long a connection to a pod may take to come about. */
  readonly connectTimeoutMs: number;
  /** How long a pod may take to answer; 0 sets no limit. A deadline that daprd sends holds in any case. */
  readonly responseTimeoutMs: number;
}

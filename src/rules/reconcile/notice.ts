/** What an Event says in one word; the field `reason` of `events.k8s.io/v1`. */
export type EventReason =
  | 'ProxyCreated'
  | 'ProxyRemoved'
  | 'ModeChanged'
  | 'WaitingForPods'
  | 'NameTaken'
  | 'ComponentMissing'
  | 'ComponentsNotServed'
  | 'OpenFunctionProxy'
  | 'InvalidAnnotation'
  | 'PodsNotAdmitted'
  | 'PodEvicted'
  | 'RepairPaused'
  | 'ChangedByOthers'
  | 'ReconcileFailed';

/** Something that a Function's user should know, in words for people. */
export interface Notice {
  readonly reason: EventReason;
  readonly type: 'Normal' | 'Warning';
  /** One sentence or two: what is, and the way out. */
  readonly note: string;
  /**
   * What makes this notice the same as an earlier one, whatever its note counts
   * or lists; the note itself when absent.
   */
  readonly sameAs?: string;
}

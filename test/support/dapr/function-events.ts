/** What a test sends as the data of an event: who it is, and what the function shall make of it. */
export interface EventData {
  readonly id: string;
  /** Absent: it is a success. What throws is an error for a binding only: the SDK takes it for a success otherwise. */
  readonly answer?: 'RETRY' | 'DROP' | 'throw';
  /** Only the first this many times; absent: each time. */
  readonly answerTimes?: number;
  /** Only there to be big. */
  readonly padding?: string;
  /** How long the function works on it. */
  readonly takesMs?: number;
}

/** What a function process says that it got; written before it answers. */
export interface FunctionRecord {
  /** `<pubsub>/<topic>` of an event, name of a binding, or name of a method. */
  readonly input: string;
  /** Empty where what came has none. */
  readonly id: string;
}

/** What a function process is started with, as JSON in its only argument. */
export interface FunctionSetup {
  readonly protocol: 'grpc' | 'http';
  readonly host: string;
  readonly port: number;
  readonly topics: readonly (readonly [pubsub: string, topic: string])[];
  /** Topics that events come of in bulk. */
  readonly bulkTopics: readonly (readonly [pubsub: string, topic: string])[];
  readonly bindings: readonly string[];
  readonly methods: readonly string[];
}

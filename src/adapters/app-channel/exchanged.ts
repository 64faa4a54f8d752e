/** What came of asking one pod, as `Attempt` has it, before anybody has judged the answer. */
export type Exchanged<Answer> =
  | { readonly result: 'answered'; readonly answer: Answer }
  | { readonly result: 'unreached'; readonly cause: string }
  | { readonly result: 'lost'; readonly cause: string }
  | { readonly result: 'cancelled' };

export const cancelled = { result: 'cancelled' } as const;

/** What a text of a setting means, or what is wrong with it. */
export type Reading<Value> =
  | { readonly value: Value }
  /** A clause about the text, such as `must be true or false`. */
  | { readonly problem: string };

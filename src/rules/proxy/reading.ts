/** What a text of a setting means, or what is wrong with it. */
export type Reading<Value> =
  | { readonly value: Value }
  /** A clause about the text, such as `must be true or false`. */
  | { readonly problem: string };

/** @throws with the problem: for texts that this project writes itself */
export function mustRead<Value>(reading: Reading<Value>): Value {
  if ('value' in reading) return reading.value;
  throw new Error(reading.problem);
}

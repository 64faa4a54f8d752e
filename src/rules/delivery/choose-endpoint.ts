/** Source of chance: at least 0, below 1. */
export type Chance = () => number;

/**
 * Chooses by the power of two choices: of two taken at random, the one with less in
 * flight. Nearly as even as asking all of them, and it does not send everything to a
 * pod that has just come, as "the least of all" would.
 *
 * @returns undefined where there is none
 */
export function chooseEndpoint<Candidate extends { readonly inFlight: number }>(
  candidates: readonly Candidate[],
  chance: Chance,
): Candidate | undefined {
  const count = candidates.length;
  if (count <= 1) return candidates[0];
  const first = Math.floor(chance() * count);
  // Another one than the first: counted from there, once around at most.
  const second = (first + 1 + Math.floor(chance() * (count - 1))) % count;
  const [a, b] = [candidates[first], candidates[second]];
  if (a === undefined || b === undefined) return a ?? b;
  return b.inFlight < a.inFlight ? b : a;
}

import { type Figure, type Goal, judgedValue } from './figure.ts';

/** A figure that got worse by more than this share of what it was. */
const regressionShare = 0.15;

/**
 * What became of each figure since an earlier run, one line each. Only what is
 * judged is compared, which is a ratio wherever there is one: absolute numbers of
 * two runs say as much about the machine as about the code.
 *
 * @returns the lines, and whether any figure got clearly worse
 */
export function compareResults(
  earlier: readonly Figure[],
  now: readonly Figure[],
): { readonly lines: string[]; readonly hasRegression: boolean } {
  const before = new Map(earlier.map((figure) => [figure.id, figure]));
  let hasRegression = false;
  const lines = now.map((figure) => {
    const old = before.get(figure.id);
    if (old === undefined) return `new        ${figure.id}`;
    const change = judgedValue(figure) / judgedValue(old) - 1;
    const worse = isLessBetter(figure.goal, figure.unit) ? change : -change;
    const isRegression = worse > regressionShare;
    hasRegression ||= isRegression;
    const percent = `${change >= 0 ? '+' : ''}${(change * 100).toFixed(0)} %`;
    return `${isRegression ? 'REGRESSION' : 'ok        '} ${figure.id}: ${percent}`;
  });
  const ids = new Set(now.map(({ id }) => id));
  const gone = earlier.filter(({ id }) => !ids.has(id)).map(({ id }) => `not run    ${id}`);
  return { lines: [...lines, ...gone], hasRegression };
}

/** Rates are better the more; times and memory the less. */
function isLessBetter(goal: Goal | undefined, unit: string): boolean {
  if (goal !== undefined) return 'atMost' in goal;
  return !unit.includes('/');
}

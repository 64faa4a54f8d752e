import { type Figure, type Goal, judgedValue } from './figure.ts';

/** A figure that got worse by more than this share of what it was. */
const regressionShare = 0.15;

/**
 * What became of each figure since an earlier run, one line each; what got worse is at
 * the end, where it is seen, and then how much did. Only what is judged is compared, which
 * is a ratio wherever there is one: absolute numbers of two runs say as much about the
 * machine as about the code.
 *
 * @returns the lines, and whether any figure got clearly worse
 */
export function compareResults(
  earlier: readonly Figure[],
  now: readonly Figure[],
): { readonly lines: string[]; readonly hasRegression: boolean } {
  const before = new Map(earlier.map((figure) => [figure.id, figure]));
  const fine: string[] = [];
  const worse: string[] = [];
  for (const figure of now) {
    const old = before.get(figure.id);
    if (old === undefined) {
      fine.push(`new        ${figure.id}`);
      continue;
    }
    const change = changeOf(judgedValue(old), judgedValue(figure));
    const worsening = isLessBetter(figure.goal, figure.unit) ? change : -change;
    const said = `${figure.id}: ${described(old, figure, change)}`;
    if (worsening > regressionShare) worse.push(`REGRESSION ${said}`);
    else fine.push(`ok         ${said}`);
  }
  const ids = new Set(now.map(({ id }) => id));
  const gone = earlier.filter(({ id }) => !ids.has(id)).map(({ id }) => `not run    ${id}`);
  const compared = now.filter(({ id }) => before.has(id)).length;
  const summary = `${worse.length} of ${compared} compared got worse by more than ${regressionShare * 100} %`;
  return { lines: [...fine, ...gone, ...worse, summary], hasRegression: worse.length > 0 };
}

/** As a share of what it was; what was nothing, and is something, grew without end. */
function changeOf(old: number, now: number): number {
  return now === old ? 0 : (now - old) / Math.abs(old);
}

function described(old: Figure, now: Figure, change: number): string {
  const values = [old, now].map((figure) => Number(judgedValue(figure).toPrecision(3)));
  const unit = now.against === undefined ? now.unit : `of ${now.against.what}`;
  const percent = `${change >= 0 ? '+' : ''}${(change * 100).toFixed(0)} %`;
  return `${values.join(' to ')} ${unit}, ${percent}`;
}

/** Rates are better the more; times and memory the less. */
function isLessBetter(goal: Goal | undefined, unit: string): boolean {
  if (goal !== undefined) return 'atMost' in goal;
  return !unit.includes('/');
}

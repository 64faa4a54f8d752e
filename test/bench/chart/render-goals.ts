import { type Figure, type Goal, isReached, judgedValue } from '../figure.ts';
import { escaped, paper } from './svg.ts';

const width = 950;
const labelWidth = 470;
const barWidth = 300;
const rowHeight = 26;
const top = 56;

const colours = { reached: '#2e7d32', missed: '#c62828', goal: '#37474f', text: '#212121' };

/**
 * Every figure that has a goal as a bar, in shares of that goal: a rate is to fill the
 * line at 1, a time or a size is to stay below it. A picture to be put beside the
 * numbers, as SVG.
 */
export function renderGoals(figures: readonly Figure[]): string {
  const judged = figures.filter(({ goal }) => goal !== undefined && limitOf(goal) > 0);
  const height = top + judged.length * rowHeight + 16;
  const unit = barWidth / Math.max(1.25, ...judged.map(shareOf));
  const rows = judged.map((figure, index) => row(figure, top + index * rowHeight, unit));
  const line = labelWidth + unit;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<title>Figures in shares of their goals</title>
${paper(width, height)}
<text x="12" y="22" font-size="14" fill="${colours.text}">Measured, in shares of the goal (the line)</text>
<text x="12" y="40" fill="${colours.text}">at least: the bar is to reach the line; at most: it is to stay left of it</text>
${rows.join('\n')}
<line x1="${line}" x2="${line}" y1="${top - 8}" y2="${height - 10}" stroke="${colours.goal}" stroke-dasharray="4 3"/>
</svg>
`;
}

function row(figure: Figure, y: number, unit: number): string {
  const share = shareOf(figure);
  const length = Math.max(1, share * unit);
  const colour = isReached(figure) === true ? colours.reached : colours.missed;
  const value = judgedValue(figure);
  const said = `${Number(value.toPrecision(3))} (${goalText(figure.goal)})`;
  return [
    `<text x="${labelWidth - 8}" y="${y + 14}" text-anchor="end" fill="${colours.text}">${escaped(shortened(figure.what))}</text>`,
    `<rect x="${labelWidth}" y="${y + 3}" width="${length.toFixed(1)}" height="${rowHeight - 10}" fill="${colour}"/>`,
    `<text x="${labelWidth + barWidth + 12}" y="${y + 14}" fill="${colours.text}">${escaped(said)}</text>`,
  ].join('\n');
}

function shareOf(figure: Figure): number {
  return judgedValue(figure) / limitOf(figure.goal);
}

function limitOf(goal: Goal | undefined): number {
  if (goal === undefined) return 0;
  return 'atLeast' in goal ? goal.atLeast : goal.atMost;
}

function goalText(goal: Goal | undefined): string {
  if (goal === undefined) return '';
  return 'atLeast' in goal ? `at least ${goal.atLeast}` : `at most ${goal.atMost}`;
}

/** As much as fits beside the bars. */
function shortened(text: string): string {
  const plain = text.replaceAll('`', '');
  return plain.length <= 76 ? plain : `${plain.slice(0, 75)}…`;
}

import { type Figure, type Goal, isReached } from './figure.ts';
import type { Spread } from './statistics.ts';

/** Figures as a Markdown table: median, and in brackets the lowest and the highest round. */
export function renderTable(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.what,
    `${spreadText(figure.ours)} ${figure.unit}`,
    figure.against === undefined ? '' : spreadText(figure.against.theirs),
    figure.against === undefined ? '' : spreadText(figure.against.ratio, ratioText),
    goalText(figure.goal),
    verdict(isReached(figure)),
  ]);
  const header = ['what', 'measured', 'compared with', 'ratio', 'goal', ''];
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [line(header), rule, ...rows.map(line)].join('\n');
}

function spreadText({ median, min, max }: Spread, text: (value: number) => string = short): string {
  return min === max ? text(median) : `${text(median)} (${text(min)} to ${text(max)})`;
}

/** Three digits that count. */
function short(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

function ratioText(value: number): string {
  return value.toFixed(2);
}

function goalText(goal: Goal | undefined): string {
  if (goal === undefined) return '';
  return 'atLeast' in goal ? `>= ${goal.atLeast}` : `<= ${goal.atMost}`;
}

function verdict(reached: boolean | undefined): string {
  if (reached === undefined) return '';
  return reached ? 'reached' : 'missed';
}

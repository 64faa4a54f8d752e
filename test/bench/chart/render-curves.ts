import type { Series, SeriesPoint } from '../series.ts';
import type { Spread } from '../statistics.ts';
import { type LogAxis, logAxis, tickText } from './log-axis.ts';
import { escaped, paper, px } from './svg.ts';

const columns = 3;
const panelWidth = 300;
const panelHeight = 236;
const top = 66;
const margin = { left: 46, right: 16, top: 40, bottom: 42 };

/** From one end of an axis to the other, at the least. */
const leastGrowth = 4;

/** Told apart without colour as well: one is dashed, and its points are squares. */
const colours = {
  ours: '#0b57d0',
  theirs: '#c2410c',
  text: '#212121',
  faint: '#5f6b73',
  grid: '#dfe4e7',
};

/** A panel for each curve: how one thing grows with another, both on logarithmic axes. */
export function renderCurves(series: readonly Series[]): string {
  const width = columns * panelWidth + 24;
  const height = top + Math.ceil(series.length / columns) * panelHeight + 8;
  const panels = series.map((one, index) => {
    const x = 12 + (index % columns) * panelWidth;
    const y = top + Math.floor(index / columns) * panelHeight;
    return `<g transform="translate(${x} ${y})">\n${panel(one)}\n</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11" fill="${colours.text}">
<title>How each thing grows</title>
${paper(width, height)}
<text x="16" y="26" font-size="14">How each grows: medians, with the lowest and the highest round; both axes logarithmic</text>
${legend(16, 46)}
${panels.join('\n')}
</svg>
`;
}

function legend(x: number, y: number): string {
  return [
    sample(x, y - 4, 'ours'),
    `<text x="${x + 38}" y="${y}">this product</text>`,
    sample(x + 130, y - 4, 'theirs'),
    `<text x="${x + 168}" y="${y}">what it is compared with, as each panel names it</text>`,
  ].join('\n');
}

type Side = 'ours' | 'theirs';

function sample(x: number, y: number, side: Side): string {
  return `${line([`${x},${y}`, `${x + 30},${y}`], side)}${mark(x + 15, y, side)}`;
}

function panel(series: Series): string {
  const { what, unit, x, against, points } = series;
  const spreads = points.flatMap(({ ours, theirs }) => [ours, ...(theirs ? [theirs] : [])]);
  if (spreads.length === 0) return '';
  const horizontal = logAxis(
    points.map(({ x: at }) => at),
    leastGrowth,
  );
  const vertical = logAxis(
    spreads.flatMap(({ min, max }) => [min, max]),
    leastGrowth,
  );
  const area = {
    width: panelWidth - margin.left - margin.right,
    height: panelHeight - margin.top - margin.bottom,
  };
  const xOf = (value: number): number => margin.left + horizontal.at(value) * area.width;
  const yOf = (value: number): number => margin.top + (1 - vertical.at(value)) * area.height;
  const compared = against === undefined ? '' : `, beside: ${against}`;
  return [
    `<text x="${margin.left}" y="16" font-weight="bold">${escaped(what)}</text>`,
    `<text x="${margin.left}" y="31" fill="${colours.faint}">${escaped(`${unit}${compared}`)}</text>`,
    ...grid(horizontal, vertical, xOf, yOf),
    ...(['theirs', 'ours'] as const).map((side) => curve(points, side, xOf, yOf)),
    `<text x="${px(margin.left + area.width / 2)}" y="${panelHeight - 10}" text-anchor="middle">${escaped(x.unit === undefined ? x.name : `${x.name}, ${x.unit}`)}</text>`,
  ].join('\n');
}

type Scale = (value: number) => number;

function grid(horizontal: LogAxis, vertical: LogAxis, xOf: Scale, yOf: Scale): string[] {
  const left = margin.left;
  const right = panelWidth - margin.right;
  const bottom = panelHeight - margin.bottom;
  const rule = (path: string, colour: string): string => `<path d="${path}" stroke="${colour}"/>`;
  return [
    ...vertical.ticks.flatMap((value) => [
      rule(`M${left} ${px(yOf(value))}H${right}`, colours.grid),
      `<text x="${left - 5}" y="${px(yOf(value) + 4)}" text-anchor="end" fill="${colours.faint}">${tickText(value)}</text>`,
    ]),
    ...horizontal.ticks.flatMap((value) => [
      rule(`M${px(xOf(value))} ${margin.top}V${bottom}`, colours.grid),
      `<text x="${px(xOf(value))}" y="${bottom + 14}" text-anchor="middle" fill="${colours.faint}">${tickText(value)}</text>`,
    ]),
    rule(`M${left} ${margin.top}V${bottom}H${right}`, colours.faint).replace(
      '/>',
      ' fill="none"/>',
    ),
  ];
}

function curve(points: readonly SeriesPoint[], side: Side, xOf: Scale, yOf: Scale): string {
  const measured = points.flatMap((point) => {
    const spread: Spread | undefined = point[side];
    return spread === undefined ? [] : [{ x: xOf(point.x), spread }];
  });
  return [
    line(
      measured.map(({ x, spread }) => `${px(x)},${px(yOf(spread.median))}`),
      side,
    ),
    ...measured.map(({ x, spread: { median, min, max } }) => {
      const whisker = `<path d="M${px(x)} ${px(yOf(min))}V${px(yOf(max))}" stroke="${colours[side]}"/>`;
      return `${whisker}${mark(x, yOf(median), side)}`;
    }),
  ].join('\n');
}

function line(corners: readonly string[], side: Side): string {
  if (corners.length === 0) return '';
  const dashes = side === 'theirs' ? ' stroke-dasharray="5 3"' : '';
  return `<polyline points="${corners.join(' ')}" fill="none" stroke="${colours[side]}" stroke-width="1.8"${dashes}/>`;
}

function mark(x: number, y: number, side: Side): string {
  return side === 'ours'
    ? `<circle cx="${px(x)}" cy="${px(y)}" r="3" fill="${colours.ours}"/>`
    : `<rect x="${px(x - 2.5)}" y="${px(y - 2.5)}" width="5" height="5" fill="${colours.theirs}"/>`;
}

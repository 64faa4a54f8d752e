import { describe, expect, it } from 'vitest';
import { alternate } from '../../bench/alternate.ts';
import { logAxis } from '../../bench/chart/log-axis.ts';
import { renderCurves } from '../../bench/chart/render-curves.ts';
import { renderGoals } from '../../bench/chart/render-goals.ts';
import { compareResults } from '../../bench/compare-results.ts';
import { comparedFigure, type Figure, isReached } from '../../bench/figure.ts';
import { renderTable } from '../../bench/render-table.ts';
import { comparedPoint, figuresOfSeries, type Series } from '../../bench/series.ts';
import { quantile, spreadOf } from '../../bench/statistics.ts';

function rate(ratio: number): Figure {
  return comparedFigure(
    { id: 'rate', what: 'a rate', unit: 'requests/s', goal: { atLeast: 0.8 } },
    'something else',
    [{ ours: 1000 * ratio, theirs: 1000 }],
  );
}

describe('a spread', () => {
  it('is the median, the lowest and the highest', () => {
    expect(spreadOf([5, 1, 3])).toEqual({ median: 3, min: 1, max: 5 });
    expect(spreadOf([4, 2])).toEqual({ median: 3, min: 2, max: 4 });
  });

  it('is none of no values', () => {
    expect(() => spreadOf([])).toThrow(RangeError);
  });

  it('lies between two values where a quantile does', () => {
    expect(quantile([0, 10], 0.99)).toBeCloseTo(9.9);
    expect(quantile([7], 0.99)).toBe(7);
  });
});

describe('a figure', () => {
  it('has the ratio of each round, not that of the medians', () => {
    const figure = comparedFigure({ id: 'x', what: 'x', unit: 'ms' }, 'y', [
      { ours: 1, theirs: 10 },
      { ours: 30, theirs: 20 },
      { ours: 5, theirs: 10 },
    ]);
    expect(figure.against?.ratio).toEqual({ median: 0.5, min: 0.1, max: 1.5 });
  });

  it('is judged by its ratio, or by itself where there is none', () => {
    expect(isReached(rate(0.8))).toBe(true);
    expect(isReached(rate(0.79))).toBe(false);
    const memory = { id: 'm', what: 'm', unit: 'MiB', ours: spreadOf([151]) };
    expect(isReached({ ...memory, goal: { atMost: 150 } })).toBe(false);
    expect(isReached(memory)).toBeUndefined();
  });

  it('says in the table whether its goal is reached', () => {
    expect(renderTable([rate(0.5)])).toContain(
      '| a rate | 500 requests/s | 1,000         | 0.50  | >= 0.8 | missed |',
    );
  });
});

describe('the chart', () => {
  it('has a bar for each figure with a goal, in the colour of its verdict', () => {
    const plain = { id: 'm', what: 'without a goal', unit: 'MiB', ours: spreadOf([1]) };
    const svg = renderGoals([rate(0.9), { ...rate(0.5), what: 'a < b' }, plain]);
    expect(svg.match(/fill="#2e7d32"/g)).toHaveLength(1);
    expect(svg.match(/fill="#c62828"/g)).toHaveLength(1);
    expect(svg).toContain('a &lt; b');
    expect(svg).not.toContain('without a goal');
  });
});

/** Ours takes so many times what the other side takes. */
function curve(ratio: number): Series {
  return {
    ...{ id: 'pods', what: 'time per pod', unit: 'us', against: 'a & b' },
    x: { name: 'connections' },
    points: [1, 10, 100].map((x) => comparedPoint(x, [{ ours: x * ratio, theirs: x }])),
  };
}

describe('curves', () => {
  it('are drawn in a panel each, with both sides and their axes named', () => {
    const alone = { ...curve(2), points: [{ x: 5, ours: spreadOf([3]) }] };
    const svg = renderCurves([curve(2), alone]);
    expect(svg.match(/<g /g)).toHaveLength(2);
    // One more of each is in the legend.
    expect(svg.match(/<circle /g)).toHaveLength(3 + 1 + 1);
    expect(svg.match(/<rect [^>]*fill="#c2410c"/g)).toHaveLength(3 + 1);
    expect(svg).toContain('us, beside: a &amp; b');
    expect(svg).toContain('>connections<');
    expect(svg).not.toContain('NaN');
  });

  it('have axes that multiply, and are never so short that what is level looks steep', () => {
    const axis = logAxis([1, 10, 100], 4);
    expect(axis.at(10)).toBeCloseTo(0.5);
    expect(axis.ticks).toEqual([1, 3, 10, 30, 100]);
    const level = logAxis([10, 10.1], 4);
    expect(level.at(10.1) - level.at(10)).toBeLessThan(0.01);
  });

  it('are figures, point by point, to be compared with those of an earlier run', () => {
    const before = figuresOfSeries(curve(2));
    expect(before.map(({ id }) => id)).toEqual([
      'growth/pods/1',
      'growth/pods/10',
      'growth/pods/100',
    ]);
    const worse = {
      ...curve(2),
      points: [...curve(2).points.slice(0, 2), ...curve(3).points.slice(2)],
    };
    expect(compareResults(before, figuresOfSeries(worse))).toEqual({
      hasRegression: true,
      lines: [
        'ok         growth/pods/1: 2 to 2 of a & b, +0 %',
        'ok         growth/pods/10: 2 to 2 of a & b, +0 %',
        'REGRESSION growth/pods/100: 2 to 3 of a & b, +50 %',
        '1 of 3 compared got worse by more than 15 %',
      ],
    });
  });
});

describe('two runs', () => {
  it('show what got worse, for rates and for times', () => {
    const time = (ms: number): Figure => ({
      ...{ id: 'time', what: 'a time', unit: 'ms', ours: spreadOf([ms]) },
    });
    const worse = compareResults([rate(0.8), time(100)], [rate(0.6), time(130)]);
    expect(worse.hasRegression).toBe(true);
    expect(worse.lines).toEqual([
      'REGRESSION rate: 0.8 to 0.6 of something else, -25 %',
      'REGRESSION time: 100 to 130 ms, +30 %',
      '2 of 2 compared got worse by more than 15 %',
    ]);
    const better = compareResults([rate(0.6), time(130)], [rate(0.8), time(100)]);
    expect(better).toEqual({
      hasRegression: false,
      lines: [
        'ok         rate: 0.6 to 0.8 of something else, +33 %',
        'ok         time: 130 to 100 ms, -23 %',
        '0 of 2 compared got worse by more than 15 %',
      ],
    });
  });

  it('take nothing that stays nothing for no change, and anything more for worse', () => {
    const writes = (count: number): Figure => ({
      ...{ id: 'writes', what: 'writes at rest', unit: 'writes', ours: spreadOf([count]) },
      goal: { atMost: 0 },
    });
    expect(compareResults([writes(0)], [writes(0)]).hasRegression).toBe(false);
    expect(compareResults([writes(0)], [writes(1)]).hasRegression).toBe(true);
  });

  it('name what only one of them has', () => {
    expect(compareResults([], [rate(1)]).lines[0]).toBe('new        rate');
    expect(compareResults([rate(1)], []).lines[0]).toBe('not run    rate');
  });
});

describe('two sides', () => {
  it('take turns at being first, after a turn each that does not count', async () => {
    const turns: string[] = [];
    const side = (name: string) => async () => {
      turns.push(name);
      return turns.length;
    };
    const sides = { ours: side('ours'), theirs: side('theirs') };
    const results = await alternate({ rounds: 2, say: () => undefined }, sides);
    expect(turns).toEqual(['ours', 'theirs', 'ours', 'theirs', 'theirs', 'ours']);
    expect(results).toEqual([
      { ours: 3, theirs: 4 },
      { ours: 6, theirs: 5 },
    ]);
  });
});

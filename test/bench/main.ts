import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { makeFolder, removeFolder } from '../support/temporary-folder.ts';
import type { Bench } from './bench.ts';
import { admissionBench } from './benches/admission.ts';
import { admissionGrowthBench } from './benches/admission-growth.ts';
import { apiServerBench } from './benches/api-server.ts';
import { controllerBench } from './benches/controller.ts';
import { memoryBench } from './benches/memory.ts';
import { proxyBench } from './benches/proxy.ts';
import { proxyGrowthBench } from './benches/proxy-growth.ts';
import { proxySteadyBench } from './benches/proxy-steady.ts';
import { startBench } from './benches/start.ts';
import { renderCurves } from './chart/render-curves.ts';
import { renderGoals } from './chart/render-goals.ts';
import { compareResults } from './compare-results.ts';
import type { Figure } from './figure.ts';
import { renderTable } from './render-table.ts';
import { figuresOfSeries, type Series } from './series.ts';
import { findTools, packageOf, type Tools } from './tools.ts';

const benches: readonly Bench[] = [
  admissionBench,
  admissionGrowthBench,
  apiServerBench,
  controllerBench,
  memoryBench,
  proxyBench,
  proxyGrowthBench,
  proxySteadyBench,
  startBench,
];

const help = `Measures the product beside something that it can be compared with, in turns.

Usage: npm run bench [-- OPTIONS]

  --only NAMES     these benches alone, with commas between them
  --rounds N       turns of each side (default 5)
  --seconds N      how long a side is loaded in a turn (default 5)
  --quick          one short turn, curves of two points: shows that it runs, measures nothing
  --json FILE      write the figures to a file as well
  --chart FILE     draw the figures that have a goal, as SVG
  --curves FILE    draw how things grow, as SVG
  --from FILE      measure nothing: tables and charts of a run that wrote the file
  --compare FILE   say what got worse by more than 15 % since the run that wrote the file, points
                   of curves included; exit code 1 if anything did
  --help

Benches:
${benches.map(({ name, description }) => `  ${name.padEnd(16)} ${description}`).join('\n')}

Programs of the system that benches use: ${Object.entries(packageOf)
  .map(([tool, from]) => `${tool} (${from})`)
  .join(', ')}. Without one, what needs it is left out, and said so.
`;

/** What a run wrote, as the file of --json has it. */
export interface BenchResults {
  readonly machine: { readonly processor: string; readonly cores: number; readonly node: string };
  readonly figures: readonly Figure[];
  /** Curves; a file of before there were any has none. */
  readonly series?: readonly Series[];
  /** Benches that could not run, and why. */
  readonly skipped: readonly { readonly bench: string; readonly why: string }[];
}

interface Arguments {
  readonly benches: readonly Bench[];
  readonly rounds: number;
  readonly seconds: number;
  readonly isQuick: boolean;
  readonly json: string | undefined;
  readonly compare: string | undefined;
  readonly chart: string | undefined;
  readonly curves: string | undefined;
  readonly from: string | undefined;
}

process.exitCode = await run(process.argv.slice(2));

async function run(args: readonly string[]): Promise<number> {
  const parsed = readArguments(args);
  if (parsed === 'help') {
    process.stdout.write(help);
    return 0;
  }
  if ('problem' in parsed) {
    process.stderr.write(`bench: ${parsed.problem}; see --help\n`);
    return 2;
  }
  // Read first: a file that is not there should not be found out at the end.
  const earlier = parsed.compare === undefined ? undefined : await readResults(parsed.compare);
  const results =
    parsed.from === undefined ? await measure(parsed) : await readResults(parsed.from);
  const { figures, series = [] } = results;
  process.stdout.write(`${renderTable(figures)}\n`);
  const points = series.flatMap(figuresOfSeries);
  if (points.length > 0) process.stdout.write(`\n${renderTable(points)}\n`);
  if (parsed.json !== undefined) {
    await writeFile(parsed.json, `${JSON.stringify(results, null, 2)}\n`);
  }
  if (parsed.chart !== undefined) await writeFile(parsed.chart, renderGoals(figures));
  if (parsed.curves !== undefined) await writeFile(parsed.curves, renderCurves(series));
  if (earlier === undefined) return 0;
  const { lines, hasRegression } = compareResults(comparedOf(earlier), comparedOf(results));
  process.stdout.write(`\n${lines.join('\n')}\n`);
  return hasRegression ? 1 : 0;
}

/** All that an earlier run is compared by. */
function comparedOf({ figures, series = [] }: BenchResults): Figure[] {
  return [...figures, ...series.flatMap(figuresOfSeries)];
}

async function measure(chosenBy: Arguments): Promise<BenchResults> {
  const { benches: chosen, rounds, seconds, isQuick } = chosenBy;
  const tools = await findTools();
  const figures: Figure[] = [];
  const series: Series[] = [];
  const skipped: { bench: string; why: string }[] = [];
  for (const bench of chosen) {
    const say = (line: string): void => void process.stderr.write(`${bench.name}: ${line}\n`);
    const missing = bench.needs.filter((tool: keyof Tools) => tools[tool] === undefined);
    if (missing.length > 0) {
      const why = `needs ${missing.map((tool) => `${tool} (package ${packageOf[tool]})`).join(', ')}`;
      say(`not measured: ${why}`);
      skipped.push({ bench: bench.name, why });
      continue;
    }
    const folder = await makeFolder();
    try {
      const measured = await bench.run({ tools, rounds, seconds, isQuick, folder, say });
      if ('figures' in measured) {
        figures.push(...measured.figures);
        series.push(...measured.series);
      } else {
        figures.push(...measured);
      }
    } finally {
      await removeFolder(folder);
    }
  }
  const processors = cpus();
  const machine = {
    processor: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    node: process.version,
  };
  return { machine, figures, series, skipped };
}

async function readResults(path: string): Promise<BenchResults> {
  return JSON.parse(await readFile(path, 'utf8')) as BenchResults;
}

function readArguments(args: readonly string[]): Arguments | 'help' | { problem: string } {
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        only: { type: 'string' },
        rounds: { type: 'string' },
        seconds: { type: 'string' },
        quick: { type: 'boolean' },
        json: { type: 'string' },
        compare: { type: 'string' },
        chart: { type: 'string' },
        curves: { type: 'string' },
        from: { type: 'string' },
        help: { type: 'boolean' },
      },
    }));
  } catch (error) {
    return { problem: (error as Error).message };
  }
  if (values['help'] === true) return 'help';
  const names = text(values['only'])?.split(',') ?? benches.map(({ name }) => name);
  const unknown = names.filter((name) => !benches.some((bench) => bench.name === name));
  if (unknown.length > 0) return { problem: `--only: no bench is called ${unknown.join(', ')}` };
  const isQuick = values['quick'] === true;
  const rounds = count(values['rounds'], isQuick ? 1 : 5);
  const seconds = count(values['seconds'], isQuick ? 1 : 5);
  if (rounds === undefined) return { problem: '--rounds must be a whole number from 1 on' };
  if (seconds === undefined) return { problem: '--seconds must be a whole number from 1 on' };
  return {
    benches: benches.filter(({ name }) => names.includes(name)),
    rounds,
    seconds,
    isQuick,
    json: text(values['json']),
    compare: text(values['compare']),
    chart: text(values['chart']),
    curves: text(values['curves']),
    from: text(values['from']),
  };
}

function text(value: string | boolean | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function count(value: string | boolean | undefined, otherwise: number): number | undefined {
  if (typeof value !== 'string') return otherwise;
  const number = Number(value);
  return Number.isInteger(number) && number >= 1 ? number : undefined;
}

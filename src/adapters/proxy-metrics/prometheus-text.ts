export type Labels = Readonly<Record<string, string>>;

/** One value of a metric. The name is that of the metric, but for the parts of a histogram. */
export interface Sample {
  readonly suffix?: string;
  readonly labels: Labels;
  readonly value: number;
}

/** Content type of what `renderMetric` writes. */
export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8';

/** A metric in Prometheus' text format. */
export function renderMetric(
  name: string,
  type: 'counter' | 'gauge' | 'histogram',
  help: string,
  samples: Iterable<Sample>,
): string {
  let text = `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
  for (const { suffix = '', labels, value } of samples) {
    text += `${name}${suffix}${renderLabels(labels)} ${value}\n`;
  }
  return text;
}

function renderLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

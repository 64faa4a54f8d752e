import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ControllerMetrics } from '../../src/adapters/controller-metrics.ts';
import { Metrics } from '../../src/adapters/metrics.ts';
import { asText, type JsonObject } from '../../src/api/json.ts';
import { listAt, textAt } from '../support/json.ts';
import { readDocument, readSources } from '../support/source-tree.ts';

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly severity: string;
  readonly summary: string;
  readonly runbook: string;
}

const { alerts } = parse(readDocument('manifests/chart/alerts.yaml')) as { alerts: Alert[] };

const dashboard = JSON.parse(
  readDocument('manifests/chart/dashboards/openfunction-dapr-webhook.json'),
) as JsonObject;
const panels = listAt(dashboard, 'panels');
const queries = panels.flatMap((panel) =>
  listAt(panel, 'targets').map((target) => textAt(target, 'expr')),
);

/** Metrics of the API server; a test on a real one looks whether it has them. */
const apiServerMetrics = new Set([
  'apiserver_admission_webhook_admission_duration_seconds_bucket',
  'apiserver_admission_webhook_fail_open_count',
  'apiserver_admission_webhook_rejection_count',
]);

/** Names of everything that a process serves at /metrics, with their labels. */
async function servedMetrics(): Promise<Map<string, ReadonlySet<string>>> {
  const metrics = new Metrics();
  new ControllerMetrics(metrics, {
    queueDepth: () => 0,
    isLeader: () => true,
    missedPods: () => 0,
    functionsByMode: () => new Map(),
    proxiesByMode: () => new Map(),
  });
  expect(metrics.registry).toBeInstanceOf(Registry);
  const served = new Map<string, ReadonlySet<string>>();
  for (const { name, type } of await metrics.registry.getMetricsAsJSON()) {
    const { labelNames = [] } = metrics.registry.getSingleMetric(name) as unknown as {
      labelNames?: string[];
    };
    const isHistogram = String(type) === 'histogram';
    for (const end of isHistogram ? ['_bucket', '_count', '_sum'] : ['']) {
      served.set(`${name}${end}`, new Set([...labelNames, ...(end === '_bucket' ? ['le'] : [])]));
    }
  }
  return served;
}

/** What is left of a query without texts, selectors of labels, and lists of labels. */
const bare = (query: string): string =>
  query
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\{[^}]*\}/g, '')
    .replaceAll(/\b(?:by|on) \([^)]*\)/g, '')
    .replaceAll(/\$__\w+/g, '');

const namesIn = (query: string): string[] =>
  (bare(query).match(/\b[a-z]+_[a-z0-9_]+\b/g) ?? []).filter(
    (name) => name !== 'histogram_quantile',
  );

/** Labels that a query groups by. */
const groupedBy = (query: string): string[] =>
  [...query.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/,\s*/));

/** Labels that Prometheus writes when it scrapes, and the one of API servers' metrics. */
const scrapeLabels = ['pod', 'name'];

/** Labels that a query asks a metric for, in braces behind its name. */
function labelsIn(query: string): { metric: string; label: string; value: string }[] {
  return [...query.matchAll(/([a-z_0-9]+)\{([^}]*)\}/g)].flatMap(([, metric = '', inside = '']) =>
    [...inside.matchAll(/(\w+)\s*(?:=~|!=|=)\s*"([^"]*)"/g)].map(([, label = '', value = '']) => ({
      metric,
      label,
      value,
    })),
  );
}

const everyQuery: [what: string, query: string][] = [
  ...alerts.map(({ alert, expr }): [string, string] => [`the alert ${alert}`, expr]),
  ...panels.flatMap((panel) =>
    listAt(panel, 'targets').map((target): [string, string] => [
      `the panel "${asText(panel['title'])}"`,
      textAt(target, 'expr'),
    ]),
  ),
];

describe.each(everyQuery)('%s', (_what, query) => {
  it('asks for metrics and labels that there are', async () => {
    const served = await servedMetrics();
    const names = namesIn(query);
    expect(names.length).toBeGreaterThan(0);
    const unknown = names.filter((name) => !served.has(name) && !apiServerMetrics.has(name));
    expect(unknown).toEqual([]);
    for (const { metric, label } of labelsIn(query)) {
      if (served.has(metric)) expect([...(served.get(metric) ?? [])]).toContain(label);
    }
    const labels = names.flatMap((name) => [...(served.get(name) ?? [])]);
    for (const label of groupedBy(query))
      expect([...labels, ...scrapeLabels, 'le']).toContain(label);
  });
});

describe('the alerts', () => {
  it('each say how bad it is, what it is, and what to do', () => {
    expect(alerts.length).toBeGreaterThan(8);
    for (const alert of alerts) {
      expect(Object.keys(alert).toSorted(), alert.alert).toEqual(
        ['alert', 'expr', 'for', 'runbook', 'severity', 'summary'].toSorted(),
      );
      expect(alert.alert).toMatch(/^Baas[A-Z][A-Za-z]+$/);
      expect(alert.for).toMatch(/^\d+[mh]$/);
      expect(['critical', 'warning']).toContain(alert.severity);
      expect(alert.summary).toMatch(/\.$/);
      const lines = alert.runbook.trim().split('\n');
      expect(lines.length, alert.alert).toBeGreaterThanOrEqual(2);
      for (const line of lines) expect(line, alert.alert).toMatch(/[.?]$/);
    }
  });

  it('are in the README, with their severity', () => {
    const rows = [
      ...readDocument('manifests/chart/README.md').matchAll(/^\| `(Baas\w+)` \| (\w+) \|/gm),
    ];
    expect(rows.map(([, name, severity]) => [name, severity])).toEqual(
      alerts.map(({ alert, severity }) => [alert, severity]),
    );
  });

  it('name reasons of Events and values of labels that the code writes', () => {
    const code = [...readSources().values()].join('\n');
    const runbooks = alerts.map(({ runbook }) => runbook).join('\n');
    const reasons = [...runbooks.matchAll(/\breason[= ](\w+)/g)].map(([, reason]) => reason);
    expect(reasons.length).toBeGreaterThan(2);
    for (const reason of reasons) expect(code).toContain(`'${reason}'`);
    for (const { metric, value } of everyQuery.flatMap(([, query]) => labelsIn(query))) {
      if (metric.startsWith('baas_')) expect(code).toContain(`'${value}'`);
    }
  });
});

describe('the dashboard', () => {
  it('has panels that lie beside each other, each with a text', () => {
    const ids = panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const taken = new Set<string>();
    for (const panel of panels) {
      expect(panel['title']).toBeTruthy();
      if (panel['type'] !== 'row')
        expect(panel['description'], String(panel['title'])).toMatch(/\.$/);
      const { x, y, w, h } = panel['gridPos'] as Record<'x' | 'y' | 'w' | 'h', number>;
      expect(x + w).toBeLessThanOrEqual(24);
      for (let column = x; column < x + w; column += 1) {
        for (let line = y; line < y + h; line += 1) {
          expect(taken, String(panel['title'])).not.toContain(`${column} ${line}`);
          taken.add(`${column} ${line}`);
        }
      }
    }
  });

  it('asks whatever data source its user chooses', () => {
    const sources = JSON.stringify(panels).match(/"uid":"[^"]*"/g) ?? [];
    expect(new Set(sources)).toEqual(new Set([`"uid":"\${datasource}"`]));
  });

  it('shows every metric of this project', async () => {
    const shown = queries.join('\n');
    const own = [...(await servedMetrics()).keys()]
      .filter((name) => name.startsWith('baas_'))
      .map((name) => name.replace(/_(bucket|count|sum)$/, ''));
    expect([...new Set(own)].filter((name) => !shown.includes(name))).toEqual([]);
  });
});

import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  type ProxyMeasures,
  ProxyMetrics,
} from '../../../src/adapters/proxy-metrics/proxy-metrics.ts';
import type { Endpoint } from '../../../src/proxy/delivery.ts';

function endpoint(port: number): Endpoint {
  return { host: '10.0.0.1', port, name: `10.0.0.1:${port}` };
}

function measures(...endpoints: Endpoint[]): ProxyMeasures {
  return {
    inFlight: () => 1,
    waiting: () => 2,
    waitingBytes: () => 3,
    heldBytes: () => 6,
    connections: () => 4,
    endpoints: () => endpoints.map(({ name }) => ({ name, inFlight: 5 })),
  };
}

/** Lines of metrics of a name, without comments. */
function samples(text: string, name: string): string[] {
  return text.split('\n').filter((line) => line.startsWith(name));
}

describe('metrics of a proxy', () => {
  it('are in the text format, each with its help and type', () => {
    const text = new ProxyMetrics().render(measures(endpoint(1)));
    expect(text).toMatch(/^# HELP /);
    expect(text.endsWith('\n')).toBe(true);
    const named = [...text.matchAll(/^# TYPE (\S+) (counter|gauge|histogram)$/gm)].map(
      ([, name]) => name,
    );
    expect(new Set(named).size).toBe(named.length);
    for (const line of text.trimEnd().split('\n')) {
      expect(line).toMatch(/^(# (HELP|TYPE) \S+ .+|[a-z_]+(\{[a-z]+=".*"\})? [-+.e\d]+)$/);
    }
    expect(samples(text, 'baas_proxy_in_flight')).toEqual(['baas_proxy_in_flight 1']);
    expect(samples(text, 'baas_proxy_waiting ')).toEqual(['baas_proxy_waiting 2']);
    expect(samples(text, 'baas_proxy_waiting_bytes')).toEqual(['baas_proxy_waiting_bytes 3']);
    expect(samples(text, 'baas_proxy_connections')).toEqual(['baas_proxy_connections 4']);
    expect(samples(text, 'baas_proxy_endpoint_in_flight')).toEqual([
      'baas_proxy_endpoint_in_flight{endpoint="10.0.0.1:1"} 5',
    ]);
  });

  it('count events, and add their times up by bucket', () => {
    const metrics = new ProxyMetrics();
    metrics.ended('a"b\\c\n', 'success', endpoint(1), 3);
    metrics.ended('a"b\\c\n', 'success', endpoint(1), 60_000);
    metrics.ended('a"b\\c\n', 'full', undefined, 0);
    metrics.lossPrevented('x');
    metrics.unreached();
    const text = metrics.render(measures(endpoint(1)));
    const input = String.raw`input="a\"b\\c\n"`;
    expect(samples(text, 'baas_proxy_events_total')).toEqual([
      `baas_proxy_events_total{${input},outcome="success",endpoint="10.0.0.1:1"} 2`,
      `baas_proxy_events_total{${input},outcome="full",endpoint=""} 1`,
    ]);
    const buckets = samples(text, 'baas_proxy_event_duration_seconds_bucket');
    expect(buckets.map((line) => Number(line.slice(line.lastIndexOf(' '))))).toEqual([
      ...[1, 1],
      ...Array(12).fill(2),
      3,
    ]);
    expect(buckets.at(-1)).toContain('le="+Inf"');
    expect(samples(text, 'baas_proxy_event_duration_seconds_sum')[0]).toMatch(/ 60\.003$/);
    expect(samples(text, 'baas_proxy_losses_prevented_total')).toEqual([
      'baas_proxy_losses_prevented_total{input="x"} 1',
    ]);
    expect(samples(text, 'baas_proxy_retries_total')).toEqual(['baas_proxy_retries_total 1']);
  });

  it('of an endpoint that is gone are shown for some minutes, to whoever asks, and not kept', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const metrics = new ProxyMetrics();
    const count = (...there: Endpoint[]) =>
      samples(metrics.render(measures(...there)), 'baas_proxy_events_total').length;
    metrics.ended('a', 'success', endpoint(1), 1);
    metrics.ended('a', 'success', endpoint(2), 1);
    metrics.forget(endpoint(1));
    for (let minute = 0; minute < 5; minute += 1) {
      expect(count(endpoint(2))).toBe(2);
      // What was in flight to it ends later.
      metrics.ended('a', 'success', endpoint(1), 1);
      vi.advanceTimersByTime(60_000);
    }
    expect(count(endpoint(2))).toBe(1);

    // Or much later.
    vi.advanceTimersByTime(3_600_000);
    metrics.ended('a', 'lost', endpoint(1), 1);
    expect(count(endpoint(2))).toBe(2);
    vi.advanceTimersByTime(300_000);
    expect(count(endpoint(2))).toBe(1);
  });

  it('of an endpoint that is back again are kept', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const metrics = new ProxyMetrics();
    metrics.ended('a', 'success', endpoint(1), 1);
    metrics.forget(endpoint(1));
    metrics.render(measures(endpoint(1)));
    vi.advanceTimersByTime(3_600_000);
    const text = metrics.render(measures(endpoint(1)));
    expect(samples(text, 'baas_proxy_events_total')).toHaveLength(1);
  });
});

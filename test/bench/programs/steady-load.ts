import { Agent, request } from 'node:http';
import { topicEventHttp } from '../events.ts';
import { quantile } from '../statistics.ts';

/**
 * Posts events at a steady rate over connections that are kept, and prints how long
 * their answers took. A time begins when an event was due, not when it could be sent:
 * what waits for a slow answer counts.
 *
 * Arguments: URL, events a second, seconds.
 */
const [url = '', perSecond = '', seconds = ''] = process.argv.slice(2);
const intervalMs = 1000 / Number(perSecond);
const total = Number(perSecond) * Number(seconds);
/** Connections are made and code is compiled in the first of them. */
const warmUp = Math.min(total, Number(perSecond));

const agent = new Agent({ keepAlive: true, maxSockets: 64 });
const headers = {
  'content-type': 'application/cloudevents+json',
  'content-length': Buffer.byteLength(topicEventHttp),
};
const times: number[] = [];
const startedAt = performance.now();
let sent = 0;
let answered = 0;

/** Sends what is due; a timer is not exact to the millisecond. */
function sendDue(): void {
  const now = performance.now();
  while (sent < total + warmUp && startedAt + sent * intervalMs <= now) {
    send(startedAt + sent * intervalMs, sent >= warmUp);
    sent += 1;
  }
  if (sent < total + warmUp) setTimeout(sendDue, 0);
}

function send(dueAt: number, counts: boolean): void {
  const posted = request(url, { method: 'POST', agent, headers }, (response) => {
    if (response.statusCode !== 200) throw new Error(`answered with ${response.statusCode}`);
    response.resume().once('end', () => {
      if (counts) times.push(performance.now() - dueAt);
      answered += 1;
      if (answered === total + warmUp) report();
    });
  });
  posted.end(topicEventHttp);
}

function report(): void {
  agent.destroy();
  times.sort((left, right) => left - right);
  const result = { p50: quantile(times, 0.5), p99: quantile(times, 0.99), requests: times.length };
  process.stdout.write(JSON.stringify(result));
}

sendDue();

import { grpcSender, httpSender } from '../load/event-sender.ts';
import { quantile } from '../statistics.ts';

/**
 * Sends events at a steady rate, and prints how long their answers took. A time begins
 * when an event was due, not when it could be sent: what waits for a slow answer counts.
 *
 * Arguments: `http` or `grpc`, URL, events a second, seconds.
 */
const [protocol = '', url = '', perSecond = '', seconds = ''] = process.argv.slice(2);
const intervalMs = 1000 / Number(perSecond);
const total = Number(perSecond) * Number(seconds);
/** Connections are made and code is compiled in the first of them. */
const warmUp = Math.min(total, Number(perSecond));

const sender = protocol === 'grpc' ? grpcSender(url) : httpSender(url);
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
  sender.send(() => {
    if (counts) times.push(performance.now() - dueAt);
    answered += 1;
    if (answered === total + warmUp) report();
  });
}

function report(): void {
  sender.close();
  times.sort((left, right) => left - right);
  const result = { p50: quantile(times, 0.5), p99: quantile(times, 0.99), requests: times.length };
  process.stdout.write(JSON.stringify(result));
}

sendDue();

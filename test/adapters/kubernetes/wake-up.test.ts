import { expect, it } from 'vitest';
import { WakeUp } from '../../../src/adapters/kubernetes/wake-up.ts';

const never = new AbortController().signal;
/** Longer than the test may take. */
const longMs = 600_000;

it('a call ends the sleep', async () => {
  const wakeUp = new WakeUp();
  const sleep = wakeUp.sleep(longMs, never);
  wakeUp.call();
  await sleep;
});

it('a call that comes while nobody sleeps ends the next sleep, and that one alone', async () => {
  const wakeUp = new WakeUp();
  wakeUp.call();
  wakeUp.call();
  await wakeUp.sleep(longMs, never);
  let isAwake = false;
  const sleep = wakeUp.sleep(longMs, never).then(() => {
    isAwake = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(isAwake).toBe(false);
  wakeUp.call();
  await sleep;
});

it('the time ends the sleep, and so does an abort, also one of before', async () => {
  const wakeUp = new WakeUp();
  await wakeUp.sleep(1, never);
  await wakeUp.sleep(0, never);
  const stop = new AbortController();
  const sleep = wakeUp.sleep(longMs, stop.signal);
  stop.abort();
  await sleep;
  await wakeUp.sleep(longMs, stop.signal);
});

import { onTestFinished } from 'vitest';
import { EventRecorder } from '../../src/controller/event-recorder.ts';
import type { EventWriter, FunctionEvent } from '../../src/controller/function-event.ts';

/** A recorder that runs until the test ends, and what it had written. */
export function toldEvents(write: EventWriter = async () => undefined) {
  const written: FunctionEvent[] = [];
  const recorder = new EventRecorder(async (event, signal) => {
    written.push(event);
    return write(event, signal);
  });
  const stop = new AbortController();
  const run = recorder.run(stop.signal);
  onTestFinished(async () => {
    stop.abort();
    await run;
  });
  return { recorder, written, stop: () => stop.abort(), over: () => run };
}

/** Events as `Reason`, or `Reason x2` where they came again. */
export function titlesOf(events: readonly FunctionEvent[]): string[] {
  return events.map(({ notice, times }) => notice.reason + (times === 1 ? '' : ` x${times}`));
}

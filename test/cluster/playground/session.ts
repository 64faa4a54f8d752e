import picocolors from 'picocolors';
import type { FunctionVersion } from '../../../src/api/keys.ts';
import { removePlaygroundFolder } from './playground-folder.ts';
import { runPlayground } from './run-playground.ts';
import { say } from './say.ts';

/** Stopping takes half a second; the limit is for a program that hangs while it starts. */
const stopTimeoutMs = 10_000;

// The process that `guard-session.ts` starts: it does all the work, and leads
// the group of all that it starts.
const [functions, folder] = process.argv.slice(2) as [FunctionVersion, string];

const stop = new AbortController();
stop.signal.addEventListener('abort', () => setTimeout(endAtOnce, stopTimeoutMs), { once: true });
process.on('disconnect', () => stop.abort());
// The guard may have been gone before anybody listened.
if (!process.connected) stop.abort();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
// Nobody reads any more: `| head`, or a terminal that was closed.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => stop.abort());

// Undefined for a pipe, whatever its type says.
const hasColours = process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined;
process.exitCode = await runPlayground({
  functions,
  folder,
  colours: picocolors.createColors(hasColours),
  environment: process.env,
  stopSignal: stop.signal,
});
// The guard does this as well, unless it was killed.
await removePlaygroundFolder(folder);
if (stop.signal.aborted) say('stopped; nothing is left');
// The channel to the guard would keep us.
process.exit();

async function endAtOnce(): Promise<void> {
  say('not everything stopped in time; killing it');
  try {
    await removePlaygroundFolder(folder);
  } finally {
    process.kill(-process.pid, 'SIGKILL');
  }
}

#!/usr/bin/env node
import { useCompileCache } from './commands/compile-cache.ts';
import { takeStopSignals } from './commands/stop-signals.ts';

const stopRequested = takeStopSignals();
useCompileCache();
// After it, so that what is imported here is kept as well.
const { runCommand } = await import('./commands/run-command.ts');

// `preview | head`: the reader has seen enough, which is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runCommand(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  // Undefined for a pipe, whatever its type says.
  hasColours: process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined,
  stopRequested,
});

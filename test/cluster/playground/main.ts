import { guardSession } from './guard-session.ts';
import { help, readArguments } from './playground-arguments.ts';
import { makePlaygroundFolder } from './playground-folder.ts';
import { say } from './say.ts';

/** npm passes on the Ctrl-C that the terminal has sent already: that is one, not two. */
const repeatedSignalMs = 500;

const stop = new AbortController();
const hurry = new AbortController();
let stoppedAtMs = 0;
// SIGHUP comes when a terminal is closed.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (!stop.signal.aborted) {
      stoppedAtMs = performance.now();
      stop.abort();
    } else if (performance.now() - stoppedAtMs > repeatedSignalMs) {
      // Whoever asks twice does not want to wait.
      hurry.abort();
    }
  });
}

process.exitCode = await run(process.argv.slice(2));

async function run(args: readonly string[]): Promise<number> {
  const parsed = readArguments(args);
  if ('problem' in parsed) {
    say(`${parsed.problem}; see --help`);
    return 2;
  }
  if ('help' in parsed) {
    process.stdout.write(help);
    return 0;
  }
  const made = await makePlaygroundFolder(parsed.folder);
  if ('problem' in made) {
    say(made.problem);
    return 1;
  }
  return guardSession({
    functions: parsed.functions,
    folder: made.path,
    stopSignal: stop.signal,
    hurrySignal: hurry.signal,
  });
}

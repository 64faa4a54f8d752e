import { AssetsError } from '../assets/assets-error.ts';

/** Lines of a program's own log that are repeated; the reason is at the end of it. */
const shownLines = 20;

const takenPort = /address already in use|EADDRINUSE/;

/** Why the playground did not start, and what to do about it where that is known. */
export function explainFailure(error: unknown): string {
  if (error instanceof AssetsError) return error.message;
  const message = error instanceof Error ? error.message : String(error);
  const [first = '', ...rest] = message.trimEnd().split('\n');
  const hint = takenPort.test(message)
    ? ['A port that was free was taken by another program a moment later; start again.']
    : [];
  const left = rest.length - shownLines;
  const gap = left > 0 ? [`(${left} lines left out)`] : [];
  return ['cannot start', ...hint, first, ...gap, ...rest.slice(-shownLines)].join('\n');
}

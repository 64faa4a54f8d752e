import { appendFileSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { readLogLine } from './read-log-line.ts';
import { type Colours, renderLogLine } from './render-log-line.ts';

/** The webhook's log: as it is in a file, and readable for people. */
export class WebhookLog {
  readonly path: string;
  readonly #colours: Colours;
  readonly #output: Writable;
  #showsAll = false;

  constructor(path: string, colours: Colours, output: Writable) {
    this.path = path;
    this.#colours = colours;
    this.#output = output;
  }

  /** Until then only what went wrong is shown: the requests are our own, to see whether it is called. */
  showAll(): void {
    this.#showsAll = true;
  }

  take(line: string): void {
    appendFileSync(this.path, `${line}\n`);
    if (!this.#showsAll && readLogLine(line)?.level === 'info') return;
    this.#output.write(`${renderLogLine(line, this.#colours)}\n`);
  }
}

import type { ClientHttp2Stream, ServerHttp2Stream } from 'node:http2';
import type { Caller } from './caller.ts';

/** What is kept of a stream's beginning, for another pod: a unary call of common size as a whole. */
const keptBytes = 64 * 1024;

/**
 * Passes on what a caller sends, no faster than the pod takes it. Until a pod has shown
 * that it has some of it, the beginning is kept, in case another one is to have it.
 */
export class RequestPipe {
  readonly #from: ServerHttp2Stream;
  readonly #caller: Pick<Caller, 'hold' | 'release'>;
  #to: ClientHttp2Stream | undefined;
  #kept: Buffer[] | undefined = [];
  #keptBytes = 0;
  #hasEnded = false;

  /** @param caller for whom the beginning is held */
  constructor(from: ServerHttp2Stream, caller: Pick<Caller, 'hold' | 'release'>) {
    this.#from = from;
    this.#caller = caller;
    from.pause();
    from.on('data', (chunk: Buffer) => this.#pass(chunk));
    from.on('end', () => this.#end());
  }

  /** Whether another pod could still get all of it. */
  get canRepeat(): boolean {
    return this.#kept !== undefined;
  }

  /** From the beginning. */
  connect(pod: ClientHttp2Stream): void {
    this.#to = pod;
    for (const chunk of this.#kept ?? []) pod.write(chunk);
    if (this.#hasEnded) {
      pod.end();
      return;
    }
    pod.on('drain', () => {
      if (this.#to === pod) this.#from.resume();
    });
    this.#from.resume();
  }

  /** Goes to this pod no more. */
  disconnect(): void {
    this.#to = undefined;
    this.#from.pause();
  }

  /** The pod has begun to work on it. */
  keepNoMore(): void {
    if (this.#kept === undefined) return;
    this.#kept = undefined;
    this.#caller.release();
  }

  #pass(chunk: Buffer): void {
    this.#keep(chunk);
    if (this.#to?.write(chunk) === false) this.#from.pause();
  }

  #keep(chunk: Buffer): void {
    if (this.#kept === undefined) return;
    this.#keptBytes += chunk.length;
    if (this.#keptBytes > keptBytes || !this.#caller.hold(chunk.length)) this.keepNoMore();
    else this.#kept.push(chunk);
  }

  #end(): void {
    // A caller that broke off has not ended its request: the pod is told in another way.
    if (this.#from.closed) return;
    this.#hasEnded = true;
    this.#to?.end();
  }
}

import type { Socket } from 'node:net';
import { CancellationSource } from '../../../proxy/cancellation.ts';
import type { Cancellation } from '../../../proxy/delivery.ts';
import { MessageTooLarge } from './message-parser.ts';
import { textAnswer } from './own-answers.ts';
import type { DaprRequest, RequestParser } from './request-parser.ts';
import type { PodAnswer } from './response-parser.ts';
import { writeResponse } from './write-response.ts';

/**
 * Answers a request. Never rejects; where the caller has gone meanwhile, its answer is dropped.
 *
 * @param isSkipped there was no room for the body, which is empty
 */
export type RequestHandler = (
  request: DaprRequest,
  cancellation: Cancellation,
  isSkipped: boolean,
) => Promise<PodAnswer> | PodAnswer;

/**
 * How long a connection may be silent while nothing is asked on it. daprd's own HTTP
 * client closes one after 90 s: were this side to be first, an event could meet the
 * close on its way.
 */
const silentMaxMs = 120_000;

/** What may arrive while a request is worked on, before whoever sends it is cut off. */
const aheadMaxBytes = 1024 * 1024;

/** One connection from daprd: one request after another, each answered before the next is looked at. */
export class DaprdConnection {
  readonly #socket: Socket;
  readonly #handle: RequestHandler;
  readonly #parser: RequestParser;
  /** Of the request that is being worked on. */
  #cancellation: CancellationSource | undefined;
  /** What arrived meanwhile. */
  #ahead: Buffer[] = [];
  #aheadBytes = 0;

  /** @param parser of its own */
  constructor(socket: Socket, handle: RequestHandler, parser: RequestParser) {
    this.#socket = socket;
    this.#handle = handle;
    this.#parser = parser;
    socket
      .setTimeout(silentMaxMs, () => {
        if (this.#cancellation === undefined) socket.destroy();
      })
      .on('data', (bytes: Buffer) => this.#receive(bytes))
      // What went wrong matters to nobody here: the connection is gone, as `close` tells.
      .on('error', () => undefined)
      .once('end', () => this.#cancellation?.cancel())
      .once('close', () => this.#closed());
  }

  #closed(): void {
    // What is worked on is let go when that is over.
    if (this.#cancellation === undefined) this.#parser.release();
    else this.#cancellation.cancel();
  }

  #receive(bytes: Buffer): void {
    if (this.#cancellation === undefined) {
      this.#feed(bytes);
      return;
    }
    this.#ahead.push(bytes);
    this.#aheadBytes += bytes.length;
    if (this.#aheadBytes > aheadMaxBytes) this.#socket.destroy();
  }

  #feed(bytes: Buffer): void {
    try {
      const request = this.#parser.feed(bytes);
      if (request !== undefined) void this.#answer(request);
      else if (this.#parser.isAwaitingContinue) {
        this.#parser.isAwaitingContinue = false;
        this.#socket.write('HTTP/1.1 100 Continue\r\n\r\n');
      }
    } catch (error) {
      const { message } = error as Error;
      const status = error instanceof MessageTooLarge ? 413 : 400;
      writeResponse(this.#socket, textAnswer(status, message), 'POST', true);
      this.#socket.destroySoon();
    }
  }

  async #answer(request: DaprRequest): Promise<void> {
    const cancellation = new CancellationSource();
    this.#cancellation = cancellation;
    const { isReusable, isSkipped, surplus } = this.#parser;
    const { method } = request;
    const answer = await this.#handle(request, cancellation, isSkipped);
    this.#cancellation = undefined;
    this.#parser.release();
    if (cancellation.isCancelled) return;
    writeResponse(this.#socket, answer, method, !isReusable);
    if (!isReusable) {
      this.#socket.end();
      return;
    }
    this.#parser.reset();
    if (surplus.length > 0 || this.#aheadBytes > 0) this.#goOn(surplus);
  }

  /** The next request had begun to arrive before this one was answered. */
  #goOn(surplus: Buffer): void {
    const ahead = Buffer.concat([surplus, ...this.#ahead]);
    this.#ahead = [];
    this.#aheadBytes = 0;
    this.#feed(ahead);
  }
}

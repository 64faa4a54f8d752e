import { connect, type Socket } from 'node:net';
import type { Endpoint } from '../../../proxy/delivery.ts';
import type { AppChannelLimits } from '../app-channel-options.ts';
import type { PodExchange } from './pod-exchange.ts';
import { type PodAnswer, ResponseParser } from './response-parser.ts';
import { writeRequest } from './write-request.ts';

/** Who keeps connections. */
export interface ConnectionKeeper {
  /** It may carry an exchange: just opened, or done with one. */
  ready(connection: PodConnection): void;
  /** It never came about. */
  failed(connection: PodConnection, cause: string): void;
  /** It is gone. */
  closed(connection: PodConnection): void;
  /** The pod said something. */
  heard(): void;
}

/** After so long without a byte the kernel asks whether the pod is still there, so that a lost node is noticed. */
const probeAfterMs = 15_000;

/**
 * How long an idle connection is used again. Node's own server, and so the Node
 * functions framework, closes one after 5 s; a request that meets that close on its
 * way is lost without anybody's fault.
 */
const idleMaxMs = 4_000;
/** What the pod says of how long it waits is taken with this to spare. */
const idleMarginMs = 1_000;

/** One connection to a pod, with one exchange on it at a time. */
export class PodConnection {
  /** Until when it may be used again, by the monotonic clock. */
  usableUntil = 0;
  readonly #socket: Socket;
  readonly #keeper: ConnectionKeeper;
  readonly #host: string;
  readonly #limits: AppChannelLimits;
  #isOpen = false;
  #hasLeft = false;
  readonly #parser: ResponseParser;
  #exchange: PodExchange | undefined;

  constructor(endpoint: Endpoint, limits: AppChannelLimits, keeper: ConnectionKeeper) {
    this.#keeper = keeper;
    this.#host = endpoint.name;
    this.#limits = limits;
    this.#parser = new ResponseParser(limits.maxMessageBytes);
    this.#socket = connect({ host: endpoint.host, port: endpoint.port, noDelay: true });
    const timer = setTimeout(() => {
      this.#socket.destroy(new Error(`no connection within ${limits.connectTimeoutMs} ms`));
    }, limits.connectTimeoutMs);
    let failure: Error | undefined;
    this.#socket
      .once('connect', () => {
        clearTimeout(timer);
        this.#isOpen = true;
        this.usableUntil = performance.now() + idleMaxMs;
        this.#socket.setKeepAlive(true, probeAfterMs);
        keeper.ready(this);
      })
      .on('data', (bytes: Buffer) => this.#receive(bytes))
      .on('end', () => this.#end())
      .on('error', (error) => {
        failure = error;
      })
      .once('close', () => {
        clearTimeout(timer);
        if (this.#isOpen) this.#leave(failure?.message);
        else if (!this.#hasLeft) keeper.failed(this, failure?.message ?? 'closed');
      });
  }

  /** Whether it can be written to. */
  get isUsable(): boolean {
    return this.#isOpen && !this.#socket.destroyed && !this.#socket.readableEnded;
  }

  /** Carries an exchange; it must be usable and idle. */
  carry(exchange: PodExchange): void {
    const { request } = exchange;
    if (!writeRequest(this.#socket, request, this.#host)) {
      const cause = this.#socket.errored?.message ?? 'the connection is closed';
      exchange.settle({ result: 'unreached', cause });
      this.close();
      return;
    }
    request.sent();
    this.#exchange = exchange;
    this.#parser.method = request.method;
    exchange.carrier = this;
    const answerMaxMs = request.answerMaxMs ?? this.#limits.responseTimeoutMs;
    if (answerMaxMs > 0) {
      exchange.limit(answerMaxMs, () => this.lose(`no answer within ${answerMaxMs} ms`));
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  /** No answer will come, as far as can be told. */
  lose(cause: string): void {
    this.#exchange?.settle({ result: 'lost', cause });
    this.close();
  }

  #receive(bytes: Buffer): void {
    this.#keeper.heard();
    const exchange = this.#exchange;
    if (exchange === undefined) {
      // Said without being asked: whoever asks next would take it for the answer.
      this.close();
      return;
    }
    try {
      const answer = this.#parser.feed(bytes);
      if (answer !== undefined) this.#finish(exchange, answer);
    } catch (error) {
      this.lose(`not an answer of HTTP/1.1: ${(error as Error).message}`);
    }
  }

  /** The pod has closed its side, with which Node closes ours. */
  #end(): void {
    const answer = this.#parser.end();
    if (answer !== undefined) this.#exchange?.settle({ result: 'answered', answer });
    this.#leave(undefined);
    this.close();
  }

  /** It is of no use any more, and nobody is to wait for the system to say so. */
  #leave(failure: string | undefined): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#hasLeft = true;
    const cause = failure ?? 'closed by the pod before it answered';
    this.#exchange?.settle({ result: 'lost', cause });
    this.#keeper.closed(this);
  }

  #finish(exchange: PodExchange, answer: PodAnswer): void {
    const { isReusable, surplus, keepAliveSeconds } = this.#parser;
    this.#exchange = undefined;
    exchange.settle({ result: 'answered', answer });
    // What is still being sent, or was said too much, belongs to an exchange that is over.
    if (isReusable && surplus.length === 0 && this.#socket.writableLength === 0) {
      this.#parser.reset();
      this.usableUntil = performance.now() + usableMs(keepAliveSeconds);
      this.#keeper.ready(this);
    } else {
      this.close();
    }
  }
}

function usableMs(keepAliveSeconds: number | undefined): number {
  if (keepAliveSeconds === undefined) return idleMaxMs;
  return Math.min(idleMaxMs, keepAliveSeconds * 1000 - idleMarginMs);
}

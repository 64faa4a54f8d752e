import http2, { type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { connect, type Socket } from 'node:net';
import type { Endpoint } from '../../../proxy/delivery.ts';
import { Keepalive, type KeepaliveTimes } from '../keepalive.ts';
import { clientOptions, connectionWindowBytes } from './http2-settings.ts';
import { letGo } from './let-go.ts';

/** Streams after which a session makes way for another, well before HTTP/2's 2^30 ids run out. */
const streamsPerSession = 2 ** 29;

/** How soon TCP asks whether the other end is still there, on a connection that is silent. */
const tcpKeepaliveMs = 15_000;

/**
 * gRPC servers end a connection whose client sends PINGs more often than each 5 minutes while
 * they have nothing to say (grpc/grpc, doc/keepalive.md).
 */
const defaultKeepalive: KeepaliveTimes = {
  silenceMs: 20_000,
  pingsApartMs: 310_000,
  pingTimeoutMs: 20_000,
};

/** HTTP/2's error codes, by number (RFC 9113, 7). */
const errorNames: readonly string[] = [
  ...['NO_ERROR', 'PROTOCOL_ERROR', 'INTERNAL_ERROR', 'FLOW_CONTROL_ERROR', 'SETTINGS_TIMEOUT'],
  ...['STREAM_CLOSED', 'FRAME_SIZE_ERROR', 'REFUSED_STREAM', 'CANCEL', 'COMPRESSION_ERROR'],
  ...['CONNECT_ERROR', 'ENHANCE_YOUR_CALM', 'INADEQUATE_SECURITY', 'HTTP_1_1_REQUIRED'],
];

/** Who has to know how a session fares. */
export interface SessionKeeper {
  /** It has room for a stream: it opened, or one of its streams ended. */
  hasRoom(session: PodSession): void;
  /** It takes no new streams any more; those that it has may go on. */
  leaves(session: PodSession): void;
  /** It is gone, or never came about. */
  closed(session: PodSession, cause: string): void;
}

/** One HTTP/2 connection to one pod. */
export class PodSession {
  readonly #keeper: SessionKeeper;
  readonly #session: ClientHttp2Session;
  readonly #keepalive: Keepalive;
  readonly #opening: NodeJS.Timeout;
  #state: 'opening' | 'open' | 'leaving' | 'closed' = 'opening';
  #maxStreams = 0;
  #openStreams = 0;
  #startedStreams = 0;
  #hasOpened = false;
  /** The pod looks at no stream with a higher id, as its GOAWAY said. */
  #lastSeenId = Number.POSITIVE_INFINITY;
  #cause = 'the connection was closed';

  constructor(
    endpoint: Endpoint,
    connectTimeoutMs: number,
    keeper: SessionKeeper,
    keepalive: KeepaliveTimes = defaultKeepalive,
  ) {
    this.#keeper = keeper;
    this.#session = http2.connect(`http://${endpoint.name}`, {
      ...clientOptions,
      createConnection: () => connectTo(endpoint),
    });
    this.#keepalive = new Keepalive(
      (answered) => void this.#session.ping(answered),
      keepalive,
      () => this.#openStreams > 0,
      () => this.#destroy('no answer to a PING'),
    );
    this.#opening = setTimeout(() => {
      this.#destroy(`no HTTP/2 connection within ${connectTimeoutMs} ms`);
    }, connectTimeoutMs);
    this.#listen();
  }

  get hasRoom(): boolean {
    return this.#state === 'open' && this.#openStreams < this.#maxStreams;
  }

  /** Whether it ever came about. */
  get hasOpened(): boolean {
    return this.#hasOpened;
  }

  get isOpening(): boolean {
    return this.#state === 'opening';
  }

  get isIdle(): boolean {
    return this.#openStreams === 0 && this.#state === 'open';
  }

  /** Whether its connection is gone, and all streams with it. */
  get isGone(): boolean {
    return this.#session.destroyed;
  }

  /** Starts a stream; only where there is room. */
  request(headers: readonly string[]): ClientHttp2Stream {
    const stream = this.#session.request(headers);
    this.#openStreams += 1;
    this.#startedStreams += 1;
    if (this.#openStreams === 1) this.#keepalive.heard();
    stream.once('close', () => {
      this.#openStreams -= 1;
      if (this.hasRoom) this.#keeper.hasRoom(this);
      letGo(stream);
    });
    if (this.#startedStreams >= streamsPerSession) this.leave();
    return stream;
  }

  /** The pod sent headers or data of an answer. */
  heard(): void {
    this.#keepalive.heard();
  }

  /** Whether the pod certainly did nothing for a stream that ended without an answer (RFC 9113, 8.7). */
  sawNothingOf(stream: ClientHttp2Stream): boolean {
    return (
      stream.id === undefined ||
      stream.rstCode === http2.constants.NGHTTP2_REFUSED_STREAM ||
      stream.id > this.#lastSeenId
    );
  }

  /** Why a stream ended without an answer. */
  explain(stream: ClientHttp2Stream): string {
    if (this.isGone) return this.#cause;
    return `the pod reset the stream (${errorNames[stream.rstCode] ?? stream.rstCode})`;
  }

  /** Asks whether the pod is there at all, if anybody waits for it. */
  probe(): void {
    if (this.#openStreams > 0 && !this.#session.destroyed) this.#keepalive.probe();
  }

  /** Takes nothing new, and closes when it is idle. */
  leave(): void {
    if (this.#state === 'opening') this.#destroy('the pod is gone');
    if (this.#state !== 'open') return;
    this.#state = 'leaving';
    this.#session.close();
    this.#keeper.leaves(this);
  }

  /** Closes, whatever is in flight. */
  close(): void {
    this.#destroy('the proxy ends');
  }

  #destroy(cause: string): void {
    if (this.#session.destroyed) return;
    this.#cause = cause;
    this.#session.destroy();
  }

  #listen(): void {
    this.#session.on('remoteSettings', ({ maxConcurrentStreams }) => {
      this.#maxStreams = maxConcurrentStreams ?? Number.POSITIVE_INFINITY;
      if (this.#state === 'opening') this.#open();
      if (this.hasRoom) this.#keeper.hasRoom(this);
    });
    this.#session.on('goaway', (code, lastSeenId) => {
      this.#lastSeenId = lastSeenId;
      if (code !== http2.constants.NGHTTP2_NO_ERROR) this.#cause = `GOAWAY with code ${code}`;
      this.leave();
    });
    this.#session.on('error', (error: NodeJS.ErrnoException) => {
      // That of several addresses, as `localhost` has them, has a code and no message.
      this.#cause = error.message || (error.code ?? error.name);
    });
    this.#session.once('close', () => {
      clearTimeout(this.#opening);
      this.#keepalive.stop();
      this.#state = 'closed';
      this.#keeper.closed(this, this.#cause);
    });
  }

  /** Only after the pod's SETTINGS: a port takes connections before anybody is there to serve them. */
  #open(): void {
    clearTimeout(this.#opening);
    this.#state = 'open';
    this.#hasOpened = true;
    this.#session.setLocalWindowSize(connectionWindowBytes);
    this.#keepalive.start();
  }
}

function connectTo({ host, port }: Endpoint): Socket {
  return connect({
    host,
    port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: tcpKeepaliveMs,
  });
}

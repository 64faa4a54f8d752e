import type { ClientSessionOptions, ServerOptions, Settings } from 'node:http2';

/** What a peer may send on one stream before it was read: an event of 1 MiB comes in one go. */
const streamWindowBytes = 1 << 20;

/** The same for all streams of a connection together. */
export const connectionWindowBytes = 1 << 24;

/**
 * Headers and trailers of a call, with 32 bytes for each (RFC 9113, 6.5.2). A topic event carries
 * all metadata of its broker's message. More than this gRPC's own peers do not send once they
 * have read it in our settings, and fail that one call. It must not be more: a block of headers
 * comes in frames of 16 KiB, and with the tenth of them nghttp2 gives up the whole connection.
 */
const headerBytes = 128 * 1024;
const headerPairs = headerBytes / 32;

/** Session memory in MB, as Node counts it: what is bounded are the events that wait or are in flight, elsewhere. */
const sessionMegabytes = 4_096;

const settings: Settings = {
  initialWindowSize: streamWindowBytes,
  maxHeaderListSize: headerBytes,
  enablePush: false,
};

const common = {
  maxSessionMemory: sessionMegabytes,
  maxHeaderListPairs: headerPairs,
  // What was taken can be passed on: nghttp2 compares an upper bound of the encoded size.
  maxSendHeaderBlockLength: 2 * headerBytes,
  // A header that came twice goes on twice, and does not throw.
  strictSingleValueFields: false,
};

/**
 * Towards daprd, the one client, which shares the pod's fate: limits that protect a
 * server from strangers would only turn its bursts into lost connections.
 */
export const serverOptions: ServerOptions = {
  ...common,
  settings: {
    ...settings,
    // Above what may be in flight and wait, so that what is too much is answered rather than held back.
    maxConcurrentStreams: 1 << 16,
  },
  // Calls cancelled at once, as when daprd ends: Node's default ends the connection after 1,000.
  streamResetBurst: 1 << 20,
  streamResetRate: 1 << 16,
  maxSessionInvalidFrames: 1 << 16,
  maxSessionRejectedStreams: 1 << 16,
};

/** Towards pods. */
export const clientOptions: ClientSessionOptions = { ...common, settings };

import { encodeMessage, type Status } from './status.ts';

/**
 * Header names, in lower case, and their values, in turn: as they came, so that what is there
 * twice stays so, and `-bin` values stay the text that they are on the wire.
 */
export type RawHeaders = readonly string[];

/** The first value of a header. */
export function headerValue(headers: RawHeaders, name: string): string | undefined {
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index] === name) return headers[index + 1];
  }
  return undefined;
}

/**
 * Whether Node sends a header that it took. It throws at two that nghttp2 lets in: at
 * `http2-settings`, which is about one connection, and at any other spelling of `te: trailers`.
 * Both may come from the metadata of a broker's message.
 */
function canBeSent(name: string, value: string): boolean {
  if (name.length === 2) return name !== 'te' || value === 'trailers';
  return name.length !== 14 || name !== 'http2-settings';
}

/** The headers or trailers of a pod, as daprd gets them. */
export function answerHeaders(received: RawHeaders): RawHeaders {
  for (let index = 0; index < received.length; index += 2) {
    if (!canBeSent(received[index] as string, received[index + 1] as string)) {
      return received.filter((_, at) => {
        const pair = at - (at % 2);
        return canBeSent(received[pair] as string, received[pair + 1] as string);
      });
    }
  }
  return received;
}

/**
 * The headers of a call as a pod gets them: daprd's, except for those that say who
 * is asked and for how long.
 *
 * @param authority `host:port` of the pod
 * @param timeout value of `grpc-timeout`; undefined where nothing limits the call
 * @param path what is called, where it is not what daprd called
 */
export function requestHeaders(
  received: RawHeaders,
  authority: string,
  timeout: string | undefined,
  path?: string,
): string[] {
  const headers = [':authority', authority];
  for (let index = 0; index < received.length; index += 2) {
    const name = received[index] as string;
    if (name === ':authority' || name === 'grpc-timeout' || name === 'host') continue;
    const value = received[index + 1] as string;
    if (!canBeSent(name, value)) continue;
    headers.push(name, path !== undefined && name === ':path' ? path : value);
  }
  if (timeout !== undefined) headers.push('grpc-timeout', timeout);
  return headers;
}

/** What a whole answer consists of that has a status and nothing else. */
export function statusHeaders({ code, message }: Status): string[] {
  return [
    ...[':status', '200', 'content-type', 'application/grpc'],
    ...['grpc-status', String(code), 'grpc-message', encodeMessage(message)],
  ];
}

export function statusTrailers({ code, message }: Status): string[] {
  return ['grpc-status', String(code), 'grpc-message', encodeMessage(message)];
}

/** In the shape that Node's `sendTrailers` takes, which knows no raw headers. */
export function trailersObject(trailers: RawHeaders): Record<string, string | string[]> {
  const object: Record<string, string | string[]> = Object.create(null);
  for (let index = 0; index < trailers.length; index += 2) {
    const name = trailers[index] as string;
    const value = trailers[index + 1] as string;
    const before = object[name];
    if (before === undefined) object[name] = value;
    else if (typeof before === 'string') object[name] = [before, value];
    else before.push(value);
  }
  return object;
}

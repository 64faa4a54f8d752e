/** Names and values in turn, as they were written: nothing of what is passed on is spelled anew. */
export type RawHeaders = readonly string[];

/**
 * Headers that are about one connection, or about how a message is framed on it
 * (RFC 9110, 7.6.1, and RFC 9112, 6), and the name of the other side: each side of
 * the proxy has its own.
 */
const framingHeaders: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** By length, whether one of these names has it: most headers are told apart by that alone. */
const framingLengths: readonly boolean[] = Array.from({ length: 32 }, (_, length) =>
  [...framingHeaders].some((name) => name.length === length),
);

export function isFramingHeader(name: string): boolean {
  return framingLengths[name.length] === true && framingHeaders.has(name.toLowerCase());
}

/** The value of a header, by its name in lower case; undefined where there is none, all of them where there are several. */
export function headerOf(headers: RawHeaders, name: string): string | undefined {
  let value: string | undefined;
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const candidate = headers[index];
    if (candidate?.length !== name.length || candidate.toLowerCase() !== name) continue;
    value = value === undefined ? headers[index + 1] : `${value}, ${headers[index + 1]}`;
  }
  return value;
}

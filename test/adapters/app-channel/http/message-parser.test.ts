import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageTooLarge } from '../../../../src/adapters/app-channel/http/message-parser.ts';
import { RequestParser } from '../../../../src/adapters/app-channel/http/request-parser.ts';
import { ResponseParser } from '../../../../src/adapters/app-channel/http/response-parser.ts';
import { HeldBytes } from '../../../../src/proxy/held-bytes.ts';

const maxBytes = 1000;
const boundless = () => new HeldBytes(Number.POSITIVE_INFINITY);

/** Feeds a text in pieces; the sizes repeat. */
function parse<Message>(
  parser: { feed(bytes: Buffer): Message | undefined },
  text: string,
  sizes: readonly number[] = [text.length],
): Message | undefined {
  const bytes = Buffer.from(text, 'latin1');
  for (let start = 0, turn = 0; start < bytes.length; turn += 1) {
    const end = start + (sizes[turn % sizes.length] ?? 1);
    const message = parser.feed(bytes.subarray(start, end));
    if (message !== undefined) return message;
    start = end;
  }
  return undefined;
}

function response(text: string, method = 'POST') {
  const parser = new ResponseParser(maxBytes);
  parser.method = method;
  const answer = parse(parser, text) ?? parser.end();
  if (answer === undefined) return undefined;
  const { status, headers, body } = answer;
  return { status, headers, body: body.toString('latin1'), isReusable: parser.isReusable };
}

function request(text: string) {
  return parse(new RequestParser(maxBytes, boundless()), text);
}

const answers: Readonly<Record<string, string>> = {
  'with a length': 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello',
  'in chunks':
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3;name=value\r\nhel\r\n02\r\nlo\r\n0\r\ntrailer: x\r\n\r\n',
  'after interim ones':
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length:5\r\n\r\nhello',
};

describe('an answer', () => {
  it.each(Object.entries(answers))('%s is read, wherever it is cut', (_what, text) => {
    const expected = { status: 200, headers: [], body: 'hello', isReusable: true };
    expect(response(text)).toEqual(expected);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (sizes) => {
        const answer = parse(new ResponseParser(maxBytes), text, sizes);
        expect(answer?.body.toString()).toBe('hello');
      }),
    );
  });

  it('keeps headers as they are: order, spelling, several of one name, bytes', () => {
    const text = 'HTTP/1.1 204 No\r\nX-B: 1\r\nx-a:\t 2\u00a0 \t\r\nX-B: 3\r\nempty:\r\n\r\n';
    expect(response(text)).toMatchObject({
      status: 204,
      headers: ['X-B', '1', 'x-a', '2\u00a0', 'X-B', '3', 'empty', ''],
    });
  });

  it('loses the headers that are about the connection, also those that it names', () => {
    const text =
      'HTTP/1.1 200 OK\r\nConnection: X-Hop, keep-alive\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nUpgrade: h2c\r\nProxy-Authenticate: x\r\nTrailer: y\r\nTE: z\r\nX-Kept: 2\r\nContent-Length: 0\r\n\r\n';
    expect(response(text)?.headers).toEqual(['X-Kept', '2']);
  });

  it('has no body where HTTP has none', () => {
    const head = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n';
    expect(response(head, 'HEAD')).toMatchObject({ status: 200, body: '' });
    for (const status of [204, 304]) {
      expect(response(head.replace('200', String(status)))).toMatchObject({ status, body: '' });
    }
  });

  it('goes on until the end of the connection where nothing says how long it is', () => {
    const expected = { status: 200, headers: [], body: 'hello', isReusable: false };
    expect(response('HTTP/1.1 200 OK\r\n\r\nhello')).toEqual(expected);
    expect(response('HTTP/1.0 200 OK\r\n\r\nhello')).toEqual(expected);
  });

  it('is none where the connection ends within it', () => {
    for (const text of [
      '',
      'HTTP/1.1 200 OK\r\n',
      'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhell',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n',
      'HTTP/1.1 100 Continue\r\n\r\n',
    ]) {
      expect(response(text), text).toBeUndefined();
    }
  });

  it('says whether its connection may be used again, and how long', () => {
    const reusable = (headers: string, version = '1.1') =>
      response(`HTTP/${version} 200 OK\r\ncontent-length: 0\r\n${headers}\r\n`)?.isReusable;
    expect(reusable('')).toBe(true);
    expect(reusable('Connection: close\r\n')).toBe(false);
    expect(reusable('Connection: x, Close\r\n')).toBe(false);
    expect(reusable('Connection: closed\r\n')).toBe(true);
    expect(reusable('', '1.0')).toBe(false);
    expect(reusable('Connection: Keep-Alive\r\n', '1.0')).toBe(true);
    const parser = new ResponseParser(maxBytes);
    parse(parser, 'HTTP/1.1 204 No\r\nKeep-Alive: max=3, timeout=5\r\n\r\n');
    expect(parser.keepAliveSeconds).toBe(5);
  });

  it('is refused where it is not plainly one', () => {
    for (const text of [
      'HTTP/2 200 OK\r\n\r\n',
      'HTTP/1.1 20 OK\r\n\r\n',
      'HTTP/1.1 099 OK\r\n\r\n',
      'SSH-2.0-OpenSSH\r\n\r\n',
      'HTTP/1.1 101 Switching\r\n\r\n',
      'HTTP/1.1 200 OK\r\nno colon\r\n\r\n',
      'HTTP/1.1 200 OK\r\n: x\r\n\r\n',
      'HTTP/1.1 200 OK\r\na b: x\r\n\r\n',
      'HTTP/1.1 200 OK\r\na: x\r\n folded\r\n\r\n',
      'HTTP/1.1 200 OK\r\na: x\u0000\r\n\r\n',
      'HTTP/1.1 200 OK\r\na: x\ny: z\r\n\r\n',
      'HTTP/1.1 200 OK\r\na: x\ry: z\r\n\r\n',
      'HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n',
      'HTTP/1.1 200 OK\r\ncontent-length: 5, 5\r\n\r\n',
      'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n',
      'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx\r\n',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nab\r\n',
    ]) {
      expect(() => response(text), text).toThrow();
    }
  });

  it('is refused where it is larger than the limit, however that comes out', () => {
    const long = 'x'.repeat(maxBytes + 1);
    for (const text of [
      'HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3e9\r\n',
      `HTTP/1.1 200 OK\r\n\r\n${long}`,
      `HTTP/1.1 200 OK\r\na: ${'x'.repeat(70_000)}`,
    ]) {
      expect(() => response(text), text.slice(0, 60)).toThrow(MessageTooLarge);
    }
  });

  it('that is more than asked for leaves what is too much', () => {
    const parser = new ResponseParser(maxBytes);
    parse(parser, 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nabc');
    expect(parser.surplus.toString()).toBe('bc');
  });
});

describe('a request', () => {
  it('is read with its path, headers and body', () => {
    expect(
      request('POST /a/b?c=%20d HTTP/1.1\r\nHost: x\r\nX-A: 1\r\nContent-Length: 2\r\n\r\n{}'),
    ).toEqual({
      method: 'POST',
      target: '/a/b?c=%20d',
      headers: ['X-A', '1'],
      body: Buffer.from('{}'),
    });
  });

  it('has no body where nothing says that it has', () => {
    expect(request('POST / HTTP/1.1\r\n\r\n')?.body).toHaveLength(0);
  });

  it('follows another on the same connection', () => {
    const parser = new RequestParser(maxBytes, boundless());
    const first = parse(parser, 'GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n');
    const { surplus } = parser;
    parser.reset();
    expect([first?.target, parser.feed(surplus)?.target]).toEqual(['/1', '/2']);
  });

  it('tells when its sender waits to be told to go on', () => {
    const parser = new RequestParser(maxBytes, boundless());
    parse(parser, 'POST / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n');
    expect(parser.isAwaitingContinue).toBe(true);
    parser.feed(Buffer.from('{}'));
    expect(parser.isAwaitingContinue).toBe(false);
  });

  it('is read and not kept where there is no room for its body', () => {
    const held = new HeldBytes(5);
    const parser = new RequestParser(maxBytes, held);
    for (const [text, body] of [
      ['Content-Length: 4\r\n\r\nabcd', 'abcd'],
      ['Content-Length: 6\r\n\r\nabcdef', ''],
      ['Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n1\r\ng\r\n0\r\n\r\n', ''],
      ['Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n', 'abcde'],
    ] as const) {
      const read = parse(parser, `POST / HTTP/1.1\r\n${text}`, [7]);
      expect([read?.body.toString(), parser.isSkipped], text).toEqual([body, body === '']);
      expect(held.bytes, text).toBe(body.length);
      parser.release();
      expect(held.bytes, text).toBe(0);
      parser.reset();
    }
  });

  it('is refused where it is not plainly one', () => {
    for (const text of [
      'PRI * HTTP/2.0\r\n\r\n',
      'GET http://example.com/ HTTP/1.1\r\n\r\n',
      'CONNECT example.com:443 HTTP/1.1\r\n\r\n',
      'GET  / HTTP/1.1\r\n\r\n',
      'GET / HTTP/1.1 \r\n\r\n',
      'G\u0000T / HTTP/1.1\r\n\r\n',
      '{"a":1}\r\n\r\n',
    ]) {
      expect(() => request(text), text).toThrow();
    }
  });

  it('never hangs or crashes the parser, whatever it is', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (pieces) => {
        const parser = new RequestParser(maxBytes, boundless());
        try {
          for (const piece of pieces) parser.feed(Buffer.from(piece));
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });
});

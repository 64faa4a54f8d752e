import { describe, expect, it } from 'vitest';
import {
  answerHeaders,
  requestHeaders,
  trailersObject,
} from '../../../../src/adapters/app-channel/grpc/metadata.ts';

describe('the headers of a call', () => {
  const received = [
    ...[':method', 'POST', ':scheme', 'http', ':path', '/a/b', ':authority', '127.0.0.1:8080'],
    ...['content-type', 'application/grpc', 'te', 'trailers', 'grpc-timeout', '9S', 'host', 'x'],
    ...['traceparent', '00-1', 'traceparent', '00-2', 'grpc-trace-bin', 'AAAB'],
  ];

  it('go to the pod as they came, with what is there twice', () => {
    expect(requestHeaders(received, '10.0.0.1:8080', '5m')).toEqual([
      ...[':authority', '10.0.0.1:8080', ':method', 'POST', ':scheme', 'http', ':path', '/a/b'],
      ...['content-type', 'application/grpc', 'te', 'trailers'],
      ...['traceparent', '00-1', 'traceparent', '00-2', 'grpc-trace-bin', 'AAAB'],
      ...['grpc-timeout', '5m'],
    ]);
  });

  it('have another path where another method is called', () => {
    const headers = requestHeaders([':path', '/a/b', 'x', '/a/b'], 'pod:1', undefined, '/c/d');
    expect(headers).toEqual([':authority', 'pod:1', ':path', '/c/d', 'x', '/a/b']);
  });
});

describe('the headers of an answer', () => {
  it('are the same, but for those that Node would throw at', () => {
    const sent = [':status', '200', 'te', 'trailers', 'x', 'te'];
    expect(answerHeaders(sent)).toBe(sent);
    expect(answerHeaders(['te', 'TRAILERS', ...sent, 'http2-settings', 'x'])).toEqual(sent);
  });
});

describe('trailers', () => {
  it('keep what is there more than once', () => {
    const trailers = trailersObject(['a', '1', 'b', '2', 'a', '3', 'a', '4', '__proto__', '5']);
    expect(Object.entries(trailers)).toEqual([
      ['a', ['1', '3', '4']],
      ['b', '2'],
      ['__proto__', '5'],
    ]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeMessage, statusOfHttp } from '../../../../src/adapters/app-channel/grpc/status.ts';

describe('grpc-message', () => {
  it('is printable ASCII that decodes to the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const encoded = encodeMessage(text);
        expect(encoded).toMatch(/^[ -~]*$/);
        expect(decodeURIComponent(encoded)).toBe(text.toWellFormed());
      }),
    );
  });

  it('leaves plain text readable', () => {
    expect(encodeMessage('no pod could be reached: 100 %')).toBe(
      'no pod could be reached: 100 %25',
    );
  });
});

describe('an HTTP status in place of one of gRPC', () => {
  it('stands for what gRPC says that it does', () => {
    const statuses = [
      '400',
      '401',
      '403',
      '404',
      '429',
      '502',
      '503',
      '504',
      '200',
      '500',
      undefined,
    ];
    expect(statuses.map(statusOfHttp)).toEqual([13, 16, 7, 12, 14, 14, 14, 14, 2, 2, 2]);
  });
});

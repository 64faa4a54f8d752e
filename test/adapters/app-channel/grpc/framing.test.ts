import { describe, expect, it } from 'vitest';
import {
  frameMessage,
  isOneMessage,
  MessageCollector,
} from '../../../../src/adapters/app-channel/grpc/framing.ts';

describe('a message that is collected', () => {
  it('is the same in whatever pieces it comes', () => {
    const framed = frameMessage(Buffer.from('hello'));
    for (let size = 1; size <= framed.length; size += 1) {
      const collector = new MessageCollector(5);
      for (let from = 0; from < framed.length; from += size) {
        expect(collector.add(framed.subarray(from, from + size))).toBe(true);
      }
      expect(collector.take()).toEqual(framed);
    }
  });

  it('is too large from the byte on that is one too many', () => {
    const collector = new MessageCollector(5);
    expect(collector.add(Buffer.alloc(3))).toBe(true);
    expect(collector.add(Buffer.alloc(7))).toBe(true);
    expect(collector.add(Buffer.alloc(1))).toBe(false);
  });

  it('is too large at once when it says so itself', () => {
    const prefix = frameMessage(Buffer.alloc(6)).subarray(0, 5);
    expect(new MessageCollector(5).add(prefix)).toBe(false);
  });
});

describe('one message', () => {
  it('is neither none nor less nor more', () => {
    const framed = frameMessage(Buffer.from('hello'));
    expect(isOneMessage(framed)).toBe(true);
    expect(isOneMessage(frameMessage(Buffer.alloc(0)))).toBe(true);
    for (const other of [
      Buffer.alloc(0),
      framed.subarray(0, 4),
      framed.subarray(0, -1),
      Buffer.concat([framed, framed]),
    ]) {
      expect(isOneMessage(other)).toBe(false);
    }
  });
});

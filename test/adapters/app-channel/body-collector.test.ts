import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BodyCollector } from '../../../src/adapters/app-channel/body-collector.ts';

const pieces = fc.array(fc.uint8Array({ maxLength: 50_000 }), { maxLength: 6 });

describe('a body that comes in pieces', () => {
  it('is all of them, whatever length it said that it would have', () => {
    fc.assert(
      fc.property(pieces, fc.option(fc.nat(300_000)), (parts, said) => {
        const collector = new BodyCollector();
        if (said !== null) collector.expect(said);
        for (const part of parts) collector.add(Buffer.from(part));
        const whole = Buffer.concat(parts);
        expect(collector.bytes).toBe(whole.length);
        expect(collector.take().equals(whole)).toBe(true);
        // It was handed over: nothing is kept.
        expect(collector.take()).toHaveLength(0);
      }),
      { numRuns: 50 },
    );
  });

  it('is nothing where it is skipped, until the next one', () => {
    const collector = new BodyCollector();
    collector.add(Buffer.from('abc'));
    collector.skip();
    collector.expect(100_000);
    collector.add(Buffer.from('def'));
    expect([collector.bytes, collector.take().length]).toEqual([6, 0]);
    collector.reset();
    collector.add(Buffer.from('ghi'));
    expect([collector.isSkipped, collector.take().toString()]).toEqual([false, 'ghi']);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Lifetimes } from '../../../src/rules/certificates/certificate-plan.ts';
import { CertificateWorld, randomOf, trustedIds } from './certificate-world.ts';

const hosts = ['webhook.ours.svc'];

/** From some seconds to years, serving certificates shorter than authorities. */
const lifetimes: fc.Arbitrary<Lifetimes> = fc
  .record({
    servingMs: fc.integer({ min: 10, max: 5_000_000 }).map((seconds) => seconds * 1_000),
    ratio: fc.double({ min: 1.1, max: 12, noNaN: true }),
  })
  .map(({ servingMs, ratio }) => ({
    servingMs,
    caMs: Math.ceil((servingMs / 1_000) * ratio) * 1_000,
  }));

const seeds = fc.integer();

/** Until API servers trust what is served for the first time. */
function begin(world: CertificateWorld): void {
  const everybodyServes = (): boolean => world.replicas.every(({ served }) => served !== undefined);
  while (!everybodyServes() || !world.isTrusted) world.tick();
}

describe('replicas that see everything late', () => {
  it('never serve what API servers do not trust, and renew in time', () => {
    fc.assert(
      fc.property(lifetimes, seeds, fc.integer({ min: 1, max: 4 }), (lives, seed, count) => {
        const one = { lifetimes: lives, hosts };
        const world = new CertificateWorld(
          Array.from({ length: count }, () => one),
          randomOf(seed),
        );
        begin(world);
        const endMs = world.nowMs + 3 * lives.caMs;
        while (world.nowMs < endMs) {
          world.tick();
          // An expectation for each would take longer than everything else.
          const isServed = world.replicas.every(
            ({ served }) => served !== undefined && served.notAfterMs > world.nowMs,
          );
          const isTrusted = world.replicas.every(({ served }) =>
            world.trustedByApiServers().includes(served?.issuerId ?? ''),
          );
          if (!isServed || !isTrusted) expect({ isServed, isTrusted, world }).toBe('well');
        }
        const [first, ...stored] = world.secret.versions.map(({ value }) => value);
        expect(first).toBeUndefined();
        for (const version of stored) {
          if (version === undefined) throw new Error('the Secret is never deleted');
          const { signing, next, serving, former } = version;
          expect(serving.notAfterMs - serving.madeAtMs).toBeLessThanOrEqual(lives.servingMs);
          for (const { madeAtMs, notAfterMs } of [signing, ...(next ? [next] : []), ...former]) {
            expect(notAfterMs - madeAtMs).toBe(lives.caMs);
          }
          const issuer = [signing, ...former].find(({ id }) => id === serving.issuerId);
          expect(serving.notAfterMs).toBeLessThanOrEqual(issuer?.notAfterMs ?? 0);
          expect(trustedIds(version).length).toBeLessThanOrEqual(3);
        }
        // The authority was replaced at least twice, and went.
        const lastIds = trustedIds(world.secret.latest.value ?? failed());
        expect(Number(lastIds.at(-1))).toBeGreaterThanOrEqual(3);
        expect(lastIds).not.toContain('1');
      }),
      { numRuns: 60 },
    );
  });

  it('write little: of several that want to, one wins, and nothing is written twice', () => {
    fc.assert(
      fc.property(lifetimes, seeds, (lives, seed) => {
        const one = { lifetimes: lives, hosts };
        const world = new CertificateWorld([one, one, one], randomOf(seed));
        begin(world);
        while (world.nowMs < 2 * lives.caMs) world.tick();
        const count = (kind: string): number =>
          world.writes.filter((write) => write.kind === kind).length;
        expect(count('begin')).toBe(1);
        expect(count('add-authority')).toBeLessThanOrEqual(3);
        expect(count('retire')).toBeLessThanOrEqual(3);
        // One in each two thirds of a life, and few more near the end of an authority.
        const most = Math.ceil(world.nowMs / (lives.servingMs * (2 / 3)));
        expect(count('issue')).toBeLessThanOrEqual(most + 3 * (count('add-authority') + 1));
        expect(world.secret.versions).toHaveLength(world.writes.length + 1);
      }),
      { numRuns: 60 },
    );
  });

  it('that are set up differently, as in a rollout, do not take turns in writing', () => {
    fc.assert(
      fc.property(lifetimes, lifetimes, seeds, (oldLives, newLives, seed) => {
        const world = new CertificateWorld(
          [
            { lifetimes: oldLives, hosts: ['old.ours.svc'] },
            { lifetimes: newLives, hosts: ['new.ours.svc', '127.0.0.1'] },
          ],
          randomOf(seed),
        );
        begin(world);
        const servingMs = Math.min(oldLives.servingMs, newLives.servingMs);
        const before = world.writes.length;
        for (let ticks = 0; ticks < 400; ticks += 1) world.tick();
        const passedMs = world.nowMs;
        // Each renewal by one may lack the other's hosts, which makes two of it.
        const most = 4 + 4 * Math.ceil(passedMs / (servingMs / 3));
        expect(world.writes.length - before).toBeLessThanOrEqual(most);
      }),
      { numRuns: 60 },
    );
  });
});

function failed(): never {
  throw new Error('nothing is stored');
}

import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readHosts } from '../../../src/rules/certificates/read-hosts.ts';

describe('hosts of a certificate', () => {
  it('are DNS names and IP addresses, each once', () => {
    const hosts = ['127.0.0.1', '::1', 'webhook.example.com', 'localhost', 'fe80::1', '::'];
    expect(readHosts([...hosts, 'localhost'])).toEqual({ value: hosts });
  });

  it('are nothing that a certificate cannot hold', () => {
    for (const host of [
      ...['', ' ', 'a b', 'UPPER.example.com', '*.example.com', 'https://x', 'x:443', '[::1]'],
      ...['1.2.3', '1.2.3.256', '01.2.3.4', '1.2.3.4.5', ':::', '1::2::3', 'g::', '12345::', '-a'],
    ]) {
      expect(readHosts(['localhost', host]), host).toEqual({
        problem: `"${host}" must be a DNS name in lower case, or an IP address`,
      });
    }
  });

  it('are addresses only where Node says so', () => {
    const group = fc.constantFrom('', '0', '1', 'ffff', 'abcd', '12345', 'x');
    const addresses = fc.oneof(
      fc.array(group, { maxLength: 10 }).map((groups) => groups.join(':')),
      fc.ipV6().filter((address) => !address.includes('.')),
      fc.ipV4(),
    );
    fc.assert(
      fc.property(addresses, (address) => {
        const isTaken = 'value' in readHosts([address]);
        if (address.includes(':'))
          expect([address, isTaken]).toEqual([address, isIP(address) === 6]);
        else if (isIP(address) === 4) expect(isTaken).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});

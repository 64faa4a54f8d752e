import { isDnsSubdomain } from '../names.ts';
import type { Reading } from '../proxy/reading.ts';

/** Reads DNS names and IP addresses that a certificate is to be good for. */
export function readHosts(members: readonly string[]): Reading<readonly string[]> {
  const wrong = members.find((host) => !isHost(host));
  return wrong === undefined
    ? { value: [...new Set(members)] }
    : { problem: `"${wrong}" must be a DNS name in lower case, or an IP address` };
}

function isHost(host: string): boolean {
  return isIpv4(host) || isIpv6(host) || (isDnsSubdomain(host) && !/^[\d.]+$/.test(host));
}

function isIpv4(host: string): boolean {
  const parts = host.split('.');
  return (
    parts.length === 4 &&
    parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)
  );
}

/** Eight groups of hexadecimal digits; `::` stands for one group of zeros, or more. */
function isIpv6(host: string): boolean {
  const halves = host.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const hasRoom = halves.length === 2 ? groups.length < 8 : groups.length === 8;
  return hasRoom && groups.every((group) => /^[\da-f]{1,4}$/i.test(group));
}

import { type AddressInfo, createServer } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Every address, IPv6 and IPv4; and every IPv4 address, for machines without IPv6. */
const everyAddress = '::';
const everyIpv4Address = '0.0.0.0';

/**
 * Listens, and tells the port that was taken.
 *
 * @throws the system's error, e.g. EADDRINUSE
 */
export async function listen(app: FastifyInstance, address: string, port: number): Promise<number> {
  await app.listen({ host: await listenableAddress(address), port });
  return (app.server.address() as AddressInfo).port;
}

/** The address itself; for every address, what that is on this machine. */
export async function listenableAddress(address: string): Promise<string> {
  return address === everyAddress && !(await hasIpv6()) ? everyIpv4Address : address;
}

function hasIpv6(): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ host: everyAddress, port: 0 }, () => probe.close(() => resolve(true)));
  });
}

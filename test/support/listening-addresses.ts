import { readdir, readFile, readlink } from 'node:fs/promises';

/** State of a socket in `/proc/net/tcp` that takes connections. */
const listening = '0A';

/**
 * Where processes take TCP connections, as Linux tells it.
 *
 * @returns IPv4 addresses as usual, IPv6 addresses as 32 hexadecimal digits
 */
export async function listeningAddresses(processIds: readonly number[]): Promise<string[]> {
  const sockets = new Set((await Promise.all(processIds.map(socketsOf))).flat());
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((table) => readFile(`/proc/net/${table}`, 'utf8').catch(() => '')),
  );
  return tables.flatMap((table) =>
    table.split('\n').flatMap((line) => {
      // Number, local address, remote address, state, six more, inode.
      const fields = line.trim().split(/\s+/);
      const [, local = '', , state] = fields;
      const isTheirs = state === listening && sockets.has(`socket:[${fields[9]}]`);
      return isTheirs ? [readAddress(local.split(':')[0] ?? '')] : [];
    }),
  );
}

async function socketsOf(processId: number): Promise<string[]> {
  const folder = `/proc/${processId}/fd`;
  const files = await readdir(folder);
  // A file may have been closed meanwhile.
  return Promise.all(files.map((file) => readlink(`${folder}/${file}`).catch(() => '')));
}

/** IPv4 addresses stand there as a number of the machine's own byte order. */
function readAddress(hexadecimal: string): string {
  if (hexadecimal.length !== 8) return hexadecimal;
  return [...Buffer.from(hexadecimal, 'hex').reverse()].join('.');
}

/**
 * Finds a file's SHA-256 in a checksum file: either the sum alone, as Kubernetes
 * publishes it for each program, or lines of sum and file name, as etcd has it.
 */
export function findPublishedChecksum(text: string, fileName: string): string | undefined {
  for (const line of text.split('\n')) {
    const [sum, name] = line.trim().split(/\s+\*?/);
    if (sum === undefined || !/^[0-9a-f]{64}$/i.test(sum)) continue;
    if (name === undefined || name === fileName) return sum.toLowerCase();
  }
  return undefined;
}

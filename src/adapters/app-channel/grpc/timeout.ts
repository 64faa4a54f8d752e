/** Milliseconds of a unit of `grpc-timeout` (grpc/grpc, doc/PROTOCOL-HTTP2.md). */
const units: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};

/** The most that its eight digits can say. */
const mostDigits = 99_999_999;

/** @returns milliseconds; undefined where nothing, or nothing that the protocol allows, is said */
export function parseTimeout(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,8}[HMSmun]$/.test(text)) return undefined;
  return Number(text.slice(0, -1)) * (units[text.slice(-1)] as number);
}

/** In the finest unit that has room for it, rounded down: a deadline never moves out. */
export function formatTimeout(milliseconds: number): string {
  const microseconds = Math.max(0, Math.floor(milliseconds * 1000));
  if (microseconds <= mostDigits) return `${microseconds}u`;
  if (milliseconds <= mostDigits) return `${Math.floor(milliseconds)}m`;
  return `${Math.min(mostDigits, Math.floor(milliseconds / 1000))}S`;
}

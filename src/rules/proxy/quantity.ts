/** A Kubernetes quantity: an amount of cores or of bytes, exactly. */
export interface Quantity {
  /** In billionths, the finest that Kubernetes counts in. */
  readonly billionths: bigint;
  /**
   * As the API server writes it back: `0.5` comes back as `500m`. What is applied in
   * another form looks changed, for ever, to whoever compares.
   */
  readonly text: string;
}

/** Far longer than any amount that fits. */
const maxLength = 64;

/** Kubernetes holds no larger amount: 2^63-1. */
const maxUnits = 9_223_372_036_854_775_807n;

const one = 1_000_000_000n;

const shape = /^\+?(\d*)(?:\.(\d*))?(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d{1,2}))?$/;

/** Power of ten of each decimal suffix. */
const decimalSuffixes: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};

/** By power of 1024. */
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** Reads a quantity; undefined for what is none, for a negative one, and for one that is too large. */
export function readQuantity(text: string): Quantity | undefined {
  const match = text.length <= maxLength ? shape.exec(text) : null;
  if (match === null) return undefined;
  const [, whole = '', fraction = '', suffix = '', exponent] = match;
  if (whole + fraction === '') return undefined;
  const binary = binarySuffixes.indexOf(suffix);
  const isBinary = binary > 0;
  const power = (isBinary ? 0 : Number(exponent ?? decimalSuffixes[suffix])) - fraction.length;
  const digits = BigInt(whole + fraction) * (isBinary ? 1024n ** BigInt(binary) : 1n) * one;
  const billionths =
    power < 0 ? divideRoundingUp(digits, 10n ** BigInt(-power)) : digits * 10n ** BigInt(power);
  if (billionths > maxUnits * one) return undefined;
  const canBeBinary = isBinary && billionths % one === 0n && billionths >= 1024n * one;
  return {
    billionths,
    text: canBeBinary
      ? binaryText(billionths / one)
      : decimalText(billionths, exponent !== undefined),
  };
}

function divideRoundingUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}

function binaryText(units: bigint): string {
  const { rest, times } = divideWhilePossible(units, 1024n);
  return `${rest}${binarySuffixes[times]}`;
}

function decimalText(billionths: bigint, hasExponent: boolean): string {
  if (billionths === 0n) return '0';
  const { rest, times } = divideWhilePossible(billionths, 1000n);
  const power = times * 3 - 9;
  if (power === 0) return String(rest);
  if (hasExponent) return `${rest}e${power}`;
  const suffix = Object.entries(decimalSuffixes).find(([, value]) => value === power)?.[0];
  return `${rest}${suffix}`;
}

function divideWhilePossible(amount: bigint, divisor: bigint): { rest: bigint; times: number } {
  let rest = amount;
  let times = 0;
  while (rest % divisor === 0n) {
    rest /= divisor;
    times += 1;
  }
  return { rest, times };
}

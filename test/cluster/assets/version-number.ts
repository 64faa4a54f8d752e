export interface VersionNumber {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** The first version number in what a program says of itself, e.g. `Kubernetes v1.36.3`, `go1.26.8`. */
export function findVersionNumber(text: string): VersionNumber | undefined {
  const match = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  if (match === null) return undefined;
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3] ?? 0) };
}

export function isOlder(version: VersionNumber, other: VersionNumber): boolean {
  if (version.major !== other.major) return version.major < other.major;
  if (version.minor !== other.minor) return version.minor < other.minor;
  return version.patch < other.patch;
}

export function formatVersion({ major, minor, patch }: VersionNumber): string {
  return `${major}.${minor}.${patch}`;
}

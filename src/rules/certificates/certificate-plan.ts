import { CommonLabel, projectName } from '../../api/keys.ts';

/**
 * When certificates are made, renewed and replaced. Every replica asks this by
 * itself about the one Secret that all share; whoever writes first wins, and the
 * others go by what they find then.
 */

/** From when until when a certificate is good. */
export interface Validity {
  /** Not its not-before, which lies earlier for clocks that are behind. */
  readonly madeAtMs: number;
  readonly notAfterMs: number;
}

export interface AuthorityFacts extends Validity {
  /** Tells certificate authorities apart. */
  readonly id: string;
}

export interface ServingFacts extends Validity {
  /** DNS names and IP addresses that it is good for. */
  readonly hosts: readonly string[];
  /** The authority that signed it. */
  readonly issuerId: string;
}

/** What the Secret holds. All of its authorities are trusted. */
export interface StoredFacts {
  /** The authority that signs. */
  readonly signing: AuthorityFacts;
  /** The one that will sign when everybody trusts it. */
  readonly next: AuthorityFacts | undefined;
  /** Those that signed before; their keys are gone. */
  readonly former: readonly AuthorityFacts[];
  readonly serving: ServingFacts;
  /** When the last of the serving certificates expires that were replaced; undefined when that is not known. */
  readonly replacedUntilMs: number | undefined;
}

/** What was found under the Secret's name. */
export type SecretFacts =
  | { readonly kind: 'absent' }
  /** Somebody made room for us: it carries our label, and holds nothing. */
  | { readonly kind: 'empty' }
  /** It does not carry our label. */
  | { readonly kind: 'foreign' }
  /** @param problem a clause that names the entry and what is wrong with it, and never what it holds */
  | { readonly kind: 'damaged'; readonly problem: string }
  | { readonly kind: 'stored'; readonly stored: StoredFacts };

/** How long certificates are made to be good for. */
export interface Lifetimes {
  readonly caMs: number;
  readonly servingMs: number;
}

export interface PlanInput {
  /** Namespace and name, for messages. */
  readonly secretName: { readonly namespace: string; readonly name: string };
  readonly secret: SecretFacts;
  readonly lifetimes: Lifetimes;
  /** What the serving certificate has to be good for. */
  readonly hosts: readonly string[];
  /**
   * Since when the next authority is seen in every webhook configuration there
   * is; undefined while it is not.
   */
  readonly nextTrustedSinceMs: number | undefined;
  readonly nowMs: number;
}

/** What to do. Each but `keep` and `refuse` is one write of the Secret. */
export type CertificatePlan =
  /** Nothing before that time, unless something changes. */
  | { readonly kind: 'keep'; readonly untilMs: number }
  /** An authority and a serving certificate, in place of whatever there is. */
  | {
      readonly kind: 'begin';
      readonly hosts: readonly string[];
      readonly authorityUntilMs: number;
      readonly servingUntilMs: number;
    }
  /** A serving certificate. One by the next authority makes that the one that signs. */
  | {
      readonly kind: 'issue';
      readonly by: 'signing' | 'next';
      readonly hosts: readonly string[];
      readonly servingUntilMs: number;
      readonly replacedUntilMs: number;
    }
  /** An authority beside the one that signs, so that both are trusted. */
  | { readonly kind: 'add-authority'; readonly authorityUntilMs: number }
  /** Authorities of which nothing is in use any more are no longer trusted. */
  | { readonly kind: 'retire'; readonly ids: readonly string[] }
  /** The Secret is not touched; somebody has to look at it. */
  | { readonly kind: 'refuse'; readonly problem: string };

/** Certificates are replaced after this part of their life. */
const renewalPart = 2 / 3;

/** API servers hear of a changed configuration in about a second; this is for those that do not. */
const settlingMs = 60_000;

/** Where authorities live for minutes, waiting for long would outlast them. */
const settlingPart = 1 / 30;

/** Certificates count in whole seconds: less than one is nothing gained. */
const leastGainMs = 1_000;

/** How long an authority has to be trusted by all before it signs. */
export function settlingTimeMs({ caMs }: Lifetimes): number {
  return Math.min(settlingMs, caMs * settlingPart);
}

/** When a certificate is to be replaced; a setting that has become shorter holds for it as well. */
export function renewalMs({ madeAtMs, notAfterMs }: Validity, lifetimeMs: number): number {
  return madeAtMs + Math.min(notAfterMs - madeAtMs, lifetimeMs) * renewalPart;
}

/** What to do about the Secret now. Asked again after each write, until it says `keep`. */
export function planCertificates(input: PlanInput): CertificatePlan {
  const { secret } = input;
  switch (secret.kind) {
    case 'absent':
    case 'empty':
      return begin(input);
    case 'foreign':
    case 'damaged':
      return { kind: 'refuse', problem: refusal(input, secret) };
    case 'stored':
      return planStored(input, secret.stored);
  }
}

function planStored(input: PlanInput, found: StoredFacts): CertificatePlan {
  const { nowMs } = input;
  const isOver = ({ notAfterMs }: Validity): boolean => notAfterMs <= nowMs;
  const hasNext = found.next !== undefined && !isOver(found.next);
  // Nobody was there for so long that nothing is left to build on.
  if (isOver(found.signing) && !hasNext) return begin(input);
  const stored = hasNext ? found : { ...found, next: undefined };
  return (
    issue(input, stored) ??
    addAuthority(input, stored) ??
    retire(input, stored) ?? { kind: 'keep', untilMs: nextLookMs(input, stored) }
  );
}

function begin({ hosts, lifetimes, nowMs }: PlanInput): CertificatePlan {
  return {
    kind: 'begin',
    hosts,
    authorityUntilMs: nowMs + lifetimes.caMs,
    servingUntilMs: nowMs + Math.min(lifetimes.servingMs, lifetimes.caMs),
  };
}

function issue(input: PlanInput, stored: StoredFacts): CertificatePlan | undefined {
  const { hosts, lifetimes, nowMs } = input;
  const { serving } = stored;
  const lacksHosts = hosts.some((host) => !serving.hosts.includes(host));
  if (!lacksHosts && nowMs < renewalMs(serving, lifetimes.servingMs)) return undefined;
  const { by, authority } = signerOf(input, stored);
  const servingUntilMs = Math.min(nowMs + lifetimes.servingMs, authority.notAfterMs);
  // The authority ends as soon as the certificate that there is: only the next one can do better.
  const gainsNothing = servingUntilMs - serving.notAfterMs < leastGainMs;
  if (by === 'signing' && !lacksHosts && gainsNothing && !isShortened(input, serving)) {
    return undefined;
  }
  return {
    kind: 'issue',
    by,
    // Replicas may be set up for different hosts while a rollout lasts: none takes away another's.
    hosts: lacksHosts ? [...new Set([...hosts, ...serving.hosts])] : hosts,
    servingUntilMs,
    replacedUntilMs: Math.max(replacedUntilMs(stored), serving.notAfterMs),
  };
}

/** Whether a certificate lives longer than it would if it were made now. */
function isShortened({ lifetimes }: PlanInput, { madeAtMs, notAfterMs }: Validity): boolean {
  return notAfterMs - madeAtMs - lifetimes.servingMs >= leastGainMs;
}

function signerOf(
  { lifetimes, nextTrustedSinceMs, nowMs }: PlanInput,
  { signing, next }: StoredFacts,
): { readonly by: 'signing' | 'next'; readonly authority: AuthorityFacts } {
  if (next === undefined) return { by: 'signing', authority: signing };
  const isSettled =
    nextTrustedSinceMs !== undefined && nowMs - nextTrustedSinceMs >= settlingTimeMs(lifetimes);
  // What an authority signs that is over, nobody accepts: the next one cannot be worse.
  return isSettled || signing.notAfterMs <= nowMs
    ? { by: 'next', authority: next }
    : { by: 'signing', authority: signing };
}

function addAuthority(
  { lifetimes, nowMs }: PlanInput,
  { signing, next }: StoredFacts,
): CertificatePlan | undefined {
  if (next !== undefined || nowMs < renewalMs(signing, lifetimes.caMs)) return undefined;
  return { kind: 'add-authority', authorityUntilMs: nowMs + lifetimes.caMs };
}

function retire({ nowMs }: PlanInput, stored: StoredFacts): CertificatePlan | undefined {
  const ids = stored.former
    .filter((authority) => nowMs >= neededUntilMs(authority, stored))
    .map(({ id }) => id);
  return ids.length === 0 ? undefined : { kind: 'retire', ids };
}

/** As long as something that an authority signed may still be served, somewhere. */
function neededUntilMs(authority: AuthorityFacts, stored: StoredFacts): number {
  const { serving, replacedUntilMs: replaced } = stored;
  if (replaced === undefined || serving.issuerId === authority.id) return authority.notAfterMs;
  return Math.min(authority.notAfterMs, replaced);
}

/** Nothing outlives the authority that signed it. */
function replacedUntilMs({ former, replacedUntilMs: known }: StoredFacts): number {
  return known ?? Math.max(0, ...former.map(({ notAfterMs }) => notAfterMs));
}

function nextLookMs({ lifetimes, nextTrustedSinceMs, nowMs }: PlanInput, stored: StoredFacts) {
  const { signing, next, serving, former } = stored;
  const renewServingMs = renewalMs(serving, lifetimes.servingMs);
  return Math.min(
    ...(renewServingMs > nowMs ? [renewServingMs] : [signing.notAfterMs]),
    ...(next === undefined ? [renewalMs(signing, lifetimes.caMs)] : []),
    ...(next !== undefined && nextTrustedSinceMs !== undefined && renewServingMs <= nowMs
      ? [nextTrustedSinceMs + settlingTimeMs(lifetimes)]
      : []),
    ...former.map((authority) => neededUntilMs(authority, stored)),
  );
}

function refusal(
  { secretName: { namespace, name } }: PlanInput,
  secret: { readonly kind: 'foreign' } | { readonly kind: 'damaged'; readonly problem: string },
): string {
  const what = `Secret "${name}" in namespace "${namespace}"`;
  if (secret.kind === 'foreign') {
    return `${what} is somebody else's (it has no label ${CommonLabel.managedBy}: ${projectName}) and is left alone; delete it or choose another with --certificate-secret, or mount it and use --certificates files`;
  }
  return `${what} is damaged (${secret.problem}) and is left alone; mend it, or delete it to have a new CA and certificate made`;
}

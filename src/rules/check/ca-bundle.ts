import { defectIf, type Finding, findingOf, ok, type Question, warning } from './finding.ts';
import { type LookedUp, unanswered } from './looked-up.ts';

/** What one webhook's `caBundle` says. */
export interface WebhookTrust {
  /** Name of the webhook. */
  readonly webhook: string;
  readonly bundle: 'empty' | 'unreadable' | 'read';
  /** Certificates in it that have expired, of how many. */
  readonly expired: number;
  readonly total: number;
  /** Whether it trusts the serving certificate; undefined where that one cannot be seen. */
  readonly trusts: boolean | undefined;
  /** Tells bundles apart. */
  readonly text: string;
}

const question: Question = {
  id: 'ca-bundle',
  section: 'certificate',
  title: 'API servers trust what is served (caBundle)',
};

/** What else is known of the certificate that is served. */
export interface TrustProof {
  /** Text of a bundle by which a dry run got through; undefined when none did. */
  readonly provenBy: string | undefined;
  /** Whether the certificate that was looked at is the one that is served, for sure. */
  readonly isCertain: boolean;
}

/** Does the `caBundle` of every webhook trust the certificate that is served? */
export function caBundle(
  trust: LookedUp<readonly WebhookTrust[]>,
  { provenBy, isCertain }: TrustProof,
): Finding {
  if (trust.kind !== 'found') return unanswered(question, trust);
  // That none is registered is told by another question.
  if (trust.value.length === 0) return ok(question, 'no webhook is registered');
  const named = (isMeant: (one: WebhookTrust) => boolean): string =>
    trust.value
      .filter(isMeant)
      .map(({ webhook }) => webhook)
      .join(', ');
  const isDead = ({ expired, total }: WebhookTrust): boolean => total > 0 && expired === total;
  // What got through needs no other proof: without a bundle, API servers trust what their machines do.
  const isOpen = (one: WebhookTrust): boolean => one.text !== provenBy;
  const isRead = (one: WebhookTrust): boolean => one.bundle === 'read' && !isDead(one);
  const empty = named((one) => one.bundle === 'empty' && isOpen(one));
  const unreadable = named(({ bundle }) => bundle === 'unreadable');
  const dead = named(isDead);
  const wrong = named((one) => isRead(one) && one.trusts === false && isOpen(one));
  const soonWrong = named((one) => isRead(one) && one.trusts === false && !isOpen(one));
  const unproven = named((one) => isRead(one) && one.trusts === undefined && isOpen(one));
  const defects = [
    ...defectIf(empty !== '', 'error', `it is empty in ${empty}`),
    ...defectIf(unreadable !== '', 'error', `it holds no certificate in ${unreadable}`),
    ...defectIf(dead !== '', 'error', `all that it trusts has expired in ${dead}`),
    ...defectIf(wrong !== '', 'error', `it does not trust the serving certificate in ${wrong}`),
    ...defectIf(
      soonWrong !== '' && isCertain,
      'warning',
      `a dry run got through, but it does not trust the certificate that is in the Secret now in ${soonWrong}`,
    ),
  ];
  if (defects.length === 0 && unproven !== '') {
    return warning(
      question,
      `it is there, but the serving certificate cannot be seen to compare it with (${unproven})`,
      'Run this as somebody who may read the Secret of the certificate; a dry run that is admitted proves it as well.',
    );
  }
  return findingOf(
    question,
    defects,
    trust.value.every(({ trusts }) => trusts === true)
      ? `${trust.value.length} of ${trust.value.length} webhooks`
      : 'a dry run got through by it',
    'The webhook puts it back within seconds where it makes its certificate itself: see its log. Otherwise put the CA that signed the certificate there.',
  );
}

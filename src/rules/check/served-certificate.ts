import { projectName } from '../../api/keys.ts';
import { error, type Finding, ok, type Question, warning } from './finding.ts';
import { count, listNames } from './list-names.ts';
import { type LookedUp, unanswered } from './looked-up.ts';

/** What the Secret of the serving certificate holds, without anything that is secret. */
export type ServedCertificate =
  /** It is in files that come from no Secret. */
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'no secret' }
  /** It has no certificate, or none that can be read. */
  | { readonly kind: 'unreadable' }
  | {
      readonly kind: 'read';
      readonly notBeforeMs: number;
      readonly notAfterMs: number;
      /** The end as a text. */
      readonly notAfter: string;
      /** Names that it is good for. */
      readonly hosts: readonly string[];
      /** Names under which API servers call the webhook, and for which it is not good. */
      readonly missingHosts: readonly string[];
    };

const question: Question = {
  id: 'certificate',
  section: 'certificate',
  title: 'the serving certificate is valid',
};

const minuteMs = 60 * 1000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Certificates are renewed when a third of their life is left; one that has less than this was missed. */
const missedPart = 1 / 4;

/** Nobody needs to hear of a certificate that is good for longer. */
const noticeMs = 14 * dayMs;

export interface CertificateFacts {
  readonly certificate: LookedUp<ServedCertificate>;
  readonly secret: { readonly namespace: string; readonly name: string | undefined };
  /** Whether that is where the webhook keeps it, for sure. */
  readonly isCertain: boolean;
  /** Whether API servers got through to the webhook just now. */
  readonly isProven: boolean;
  readonly nowMs: number;
}

/** Is the certificate good, for how long, and for the name under which it is called? */
export function servedCertificate(facts: CertificateFacts): Finding {
  const { certificate, secret, isCertain, isProven, nowMs } = facts;
  if (certificate.kind !== 'found') return unanswered(question, certificate);
  const where = `Secret ${secret.name} in namespace ${secret.namespace}`;
  const { value } = certificate;
  if (value.kind === 'no secret' && isCertain) {
    return error(
      question,
      `there is no ${where}`,
      'The webhook makes it when it starts, where it makes its certificate itself: see its log.',
    );
  }
  if (value.kind === 'elsewhere' || value.kind === 'no secret') {
    const unseen = 'it is kept where it cannot be seen from here';
    return isProven
      ? ok(question, `a dry run got through; for how long is not known: ${unseen}`)
      : warning(
          question,
          `not looked at: ${unseen}`,
          'The metric baas_certificate_expiry_timestamp_seconds of the webhook tells when it expires.',
        );
  }
  if (value.kind === 'unreadable') {
    return error(
      question,
      `${where} has no certificate that can be read (tls.crt)`,
      'Mend the Secret, or delete it where the webhook makes its certificate itself.',
    );
  }
  const { notBeforeMs, notAfterMs, notAfter, hosts, missingHosts } = value;
  const leftMs = notAfterMs - nowMs;
  const log = `kubectl -n ${secret.namespace} logs deployment/${projectName}`;
  if (leftMs <= 0) {
    return error(
      question,
      `it expired ${lengthOf(-leftMs)} ago, at ${notAfter}`,
      `Renew it. Where the webhook does so itself, its log tells what is in the way: ${log}`,
    );
  }
  if (notBeforeMs > nowMs) {
    return error(
      question,
      `it is valid only in ${lengthOf(notBeforeMs - nowMs)}`,
      'See whether the clocks of this machine and of the cluster are right.',
    );
  }
  if (missingHosts.length > 0) {
    return error(
      question,
      `it is not for ${listNames(missingHosts)}, as which API servers call it, but for ${listNames(hosts) || 'nobody'}`,
      'Issue one for that name. Where the webhook makes it itself, see its settings --service-name and --service-namespace.',
    );
  }
  const left = `for ${lengthOf(leftMs)} more, until ${notAfter}`;
  return leftMs < Math.min((notAfterMs - notBeforeMs) * missedPart, noticeMs)
    ? warning(
        question,
        `${left}, and should have been renewed by now`,
        `Renew it. Where the webhook does so itself, its log tells what is in the way: ${log}`,
      )
    : ok(question, left);
}

/** A length of time, as roughly as people put it. */
function lengthOf(ms: number): string {
  if (ms >= 2 * dayMs) return count(Math.floor(ms / dayMs), 'day');
  if (ms >= 2 * hourMs) return count(Math.floor(ms / hourMs), 'hour');
  return count(Math.max(1, Math.floor(ms / minuteMs)), 'minute');
}

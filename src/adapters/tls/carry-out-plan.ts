import { randomBytes } from 'node:crypto';
import { projectName } from '../../api/keys.ts';
import type { CertificatePlan } from '../../rules/certificates/certificate-plan.ts';
import {
  type KeyedCertificate,
  makeAuthority,
  makeServingCertificate,
} from './make-certificates.ts';
import type { CertificateContent, StoredCertificates } from './stored-certificates.ts';

/** Plans that end in something to store. */
export type WritingPlan = Exclude<CertificatePlan, { readonly kind: 'keep' | 'refuse' }>;

/** Makes what a plan asks for. A library that only this takes is loaded with this file. */
export async function carryOut(
  plan: WritingPlan,
  stored: StoredCertificates | undefined,
  nowMs: number,
): Promise<CertificateContent> {
  if (plan.kind === 'begin') {
    const signing = await newAuthority(nowMs, plan.authorityUntilMs);
    const serving = await newServing(signing, plan.hosts, nowMs, plan.servingUntilMs);
    return { signing, former: [], serving };
  }
  if (stored === undefined) throw new Error(`nothing is stored to ${plan.kind} with`);
  const kept = contentOf(stored);
  switch (plan.kind) {
    case 'issue': {
      const { signing, former } = plan.by === 'next' ? switched(stored) : kept;
      const serving = await newServing(signing, plan.hosts, nowMs, plan.servingUntilMs);
      return { signing, next: plan.by === 'next' ? undefined : kept.next, former, serving };
    }
    case 'add-authority':
      // One that is there and expired before it ever signed makes way.
      return { ...kept, next: await newAuthority(nowMs, plan.authorityUntilMs) };
    case 'retire': {
      const left = [...stored.former].filter(([id]) => !plan.ids.includes(id));
      return { ...kept, former: left.map(([, certificate]) => certificate) };
    }
  }
}

function contentOf(stored: StoredCertificates): CertificateContent {
  const { signing, next, former, serving } = stored;
  return { signing, next, former: [...former.values()], serving };
}

/** The next authority signs from now on; of the one that did, the certificate stays and the key goes. */
function switched({ signing, next, former }: StoredCertificates) {
  if (next === undefined) throw new Error('there is no next authority');
  return { signing: next, former: [...former.values(), signing.certificate] };
}

function newAuthority(madeAtMs: number, notAfterMs: number): Promise<KeyedCertificate> {
  const name = `${projectName} CA ${randomBytes(8).toString('hex')}`;
  return makeAuthority(name, { madeAtMs, notAfterMs });
}

function newServing(
  authority: KeyedCertificate,
  hosts: readonly string[],
  madeAtMs: number,
  notAfterMs: number,
): Promise<KeyedCertificate> {
  return makeServingCertificate(authority, projectName, hosts, { madeAtMs, notAfterMs });
}

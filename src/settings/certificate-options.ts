import type { Lifetimes } from '../rules/certificates/certificate-plan.ts';
import type { SettingsOf } from './option.ts';
import * as options from './options-of-certificates.ts';
import type { clusterDomain } from './options-of-proxies.ts';

/** The options about certificates; commands that admit take all of them. */
export const certificateOptions = { ...options };

/** Where certificates come from, and what they are for. */
export type CertificateSettings =
  | { readonly kind: 'files'; readonly folder: string }
  | {
      readonly kind: 'secret';
      readonly secretName: string;
      readonly serviceName: string;
      /** Where this process is at home when absent. */
      readonly namespace: string | undefined;
      readonly clusterDomain: string;
      readonly otherHosts: readonly string[];
      readonly lifetimes: Lifetimes;
    };

/** Where certificates for local use are made. */
export const localFolder = 'certs';

/**
 * What the options say together. A folder, or a process without a cluster, asks
 * for files; what is asked for by name decides.
 *
 * @returns a problem when they contradict each other
 */
export function certificateSettingsOf(
  parsed: SettingsOf<typeof certificateOptions & { clusterDomain: typeof clusterDomain }>,
  isOffline: boolean,
): { readonly settings: CertificateSettings } | { readonly problem: string } {
  const { certificates, certDir } = parsed;
  if (isOffline && certificates === 'secret') {
    return { problem: '--certificates secret needs a cluster, and --offline has none' };
  }
  const hasFiles = isOffline || certDir !== undefined;
  if ((certificates ?? (hasFiles ? 'files' : 'secret')) === 'files') {
    const folder = certDir ?? (isOffline ? localFolder : undefined);
    return folder === undefined
      ? { problem: '--certificates files needs --cert-dir, the folder of tls.crt and tls.key' }
      : { settings: { kind: 'files', folder } };
  }
  return {
    settings: {
      kind: 'secret',
      secretName: parsed.certificateSecret,
      serviceName: parsed.serviceName,
      namespace: parsed.serviceNamespace,
      clusterDomain: parsed.clusterDomain,
      otherHosts: parsed.certificateHosts,
      lifetimes: {
        caMs: parsed.caLifetime.ms,
        servingMs: parsed.certificateLifetime.ms,
      },
    },
  };
}

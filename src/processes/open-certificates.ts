import { resolve } from 'node:path';
import { SecretCertificates } from '../adapters/kubernetes/secret-certificates.ts';
import { TrustedCertificates } from '../adapters/kubernetes/trusted-certificates.ts';
import type { Logger } from '../adapters/log.ts';
import type { CertificateSource } from '../adapters/tls/certificate-source.ts';
import { FileCertificates } from '../adapters/tls/file-certificates.ts';
import { serviceHosts } from '../rules/certificates/service-hosts.ts';
import type { CertificateSettings } from '../settings/certificate-options.ts';
import type { OpenedCluster } from './open-cluster.ts';

type FileSettings = Extract<CertificateSettings, { kind: 'files' }>;

/** Certificates from files, for a process without a cluster. */
export function openCertificateFiles({ folder }: FileSettings, log: Logger): CertificateSource {
  return new FileCertificates({ folder: resolve(folder), log });
}

/** Certificates for a process that a cluster's API servers call, from where the settings say. */
export function openCertificates(
  settings: CertificateSettings,
  { connection, namespace: home }: Pick<OpenedCluster, 'connection' | 'namespace'>,
  log: Logger,
): CertificateSource {
  if (settings.kind === 'files') {
    return new TrustedCertificates(openCertificateFiles(settings, log), { connection, log });
  }
  const { secretName, serviceName, clusterDomain, otherHosts, lifetimes } = settings;
  const namespace = settings.namespace ?? home ?? 'default';
  return new SecretCertificates({
    connection,
    namespace,
    name: secretName,
    hosts: serviceHosts({ name: serviceName, namespace, clusterDomain, otherHosts }),
    lifetimes,
    log,
  });
}

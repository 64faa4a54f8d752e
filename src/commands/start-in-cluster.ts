import type { Logger } from '../adapters/log.ts';
import { openCertificates } from '../processes/open-certificates.ts';
import { type AccessSettings, type OpenedCluster, openCluster } from '../processes/open-cluster.ts';
import {
  type HealthSettings,
  type PartStarter,
  type RunningParts,
  type StartedBy,
  startParts,
} from '../processes/process-part.ts';
import {
  type AdmissionPart,
  type AdmissionSettings,
  startAdmission,
} from '../processes/webhook.ts';
import type { CertificateSettings } from '../settings/certificate-options.ts';
import { startOrExplain } from './process-lifetime.ts';

/**
 * Starts the parts of a process that follows a cluster.
 *
 * @returns undefined when it could not be started; why is in the log
 */
export function startInCluster<const Starters extends readonly PartStarter[]>(
  settings: HealthSettings & AccessSettings & { readonly port?: number },
  log: Logger,
  starters: (opened: OpenedCluster) => Starters,
): Promise<RunningParts<StartedBy<Starters>> | undefined> {
  return startOrExplain(settings, log, async () => {
    const result = await openCluster(settings, log);
    if ('problems' in result) return result;
    return startParts(settings, result.opened, starters(result.opened));
  });
}

/** The part that admits, with certificates that the cluster's API servers are to trust. */
export function admissionStarter(
  settings: AdmissionSettings,
  certificates: CertificateSettings,
  opened: OpenedCluster,
  log: Logger,
): (...args: Parameters<PartStarter>) => Promise<AdmissionPart> {
  return (metrics) => {
    const source = openCertificates(certificates, opened, log);
    return startAdmission(settings, opened, source, metrics, log);
  };
}

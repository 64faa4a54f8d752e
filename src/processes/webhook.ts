import { buildAdmissionServer, serveCertificate } from '../adapters/http/admission-server.ts';
import type { Logger } from '../adapters/log.ts';
import type { Metrics } from '../adapters/metrics.ts';
import type { CertificatePair } from '../adapters/tls/certificate-pair.ts';
import type { CertificateSource } from '../adapters/tls/certificate-source.ts';
import { functionMutator, functionValidator } from '../admission/review-function.ts';
import { podMutator } from '../admission/review-pod.ts';
import { listen } from './listen.ts';
import type { OpenedSource } from './open-source.ts';
import { type HealthSettings, type ProcessPart, startParts } from './process-part.ts';

export interface AdmissionSettings {
  readonly port: number;
  readonly listenAddress: string;
  readonly clusterDomain: string;
  readonly apiTokens: boolean;
  readonly excludedNamespaces: readonly string[];
}

export interface AdmissionPart extends ProcessPart {
  readonly port: number;
}

export interface RunningWebhook {
  readonly port: number;
  readonly healthPort: number;
  /** Finishes what is in flight, closes everything, resolves when nothing is left. */
  stop(): Promise<void>;
}

/**
 * The admission webhook as a process of its own.
 *
 * @throws CertificateError or the system's error when it cannot start; then nothing is left running
 */
export async function startWebhook(
  settings: AdmissionSettings & HealthSettings,
  opened: OpenedSource,
  certificates: CertificateSource,
  log: Logger,
): Promise<RunningWebhook> {
  const running = await startParts(settings, opened, [
    (metrics) => startAdmission(settings, opened, certificates, metrics, log),
  ]);
  const { parts, healthPort, stop } = running;
  return { port: parts[0].port, healthPort, stop };
}

/**
 * Composes the admission server: endpoints, listening, certificates.
 *
 * @param certificates begin when it listens, so that nothing is made for a process that cannot; they end with it
 */
export async function startAdmission(
  settings: AdmissionSettings,
  { source }: OpenedSource,
  certificates: CertificateSource,
  metrics: Metrics,
  log: Logger,
): Promise<AdmissionPart> {
  const admission = buildAdmissionServer({
    log,
    metrics,
    endpoints: [
      {
        path: '/mutate/functions',
        webhook: 'mutate',
        resource: 'functions',
        review: functionMutator(),
      },
      {
        path: '/validate/functions',
        webhook: 'validate',
        resource: 'functions',
        review: functionValidator(source),
      },
      {
        path: '/mutate/pods',
        webhook: 'mutate',
        resource: 'pods',
        review: podMutator(source, {
          clusterDomain: settings.clusterDomain,
          apiTokens: settings.apiTokens,
          excludedNamespaces: new Set(settings.excludedNamespaces),
        }),
      },
    ],
  });
  const port = await listen(admission, settings.listenAddress, settings.port);
  let isListening = true;
  let served: CertificatePair | undefined;
  const stop = async (): Promise<void> => {
    isListening = false;
    await admission.close();
    await certificates.stop();
  };
  try {
    await certificates.start((pair) => {
      serveCertificate(admission, pair);
      metrics.setCertificateExpiry(pair.expiresAt);
      served = pair;
    });
  } catch (error) {
    await stop();
    throw error;
  }
  metrics.watchStaleness(() => certificates.staleness());
  return {
    port,
    missing: () => [
      ...(isListening ? [] : ['admission server listening']),
      ...missingCertificate(served, certificates, new Date()),
    ],
    stop,
  };
}

function missingCertificate(
  served: CertificatePair | undefined,
  certificates: CertificateSource,
  now: Date,
): readonly string[] {
  if (served === undefined) return ['serving certificate'];
  if (served.expiresAt <= now) {
    return [`serving certificate (expired on ${served.expiresAt.toISOString()})`];
  }
  return certificates.missing(served);
}

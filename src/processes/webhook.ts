import { resolve } from 'node:path';
import { buildAdmissionServer } from '../adapters/http/admission-server.ts';
import type { Logger } from '../adapters/log.ts';
import type { Metrics } from '../adapters/metrics.ts';
import { readCertificatePair } from '../adapters/tls/certificate-pair.ts';
import { functionMutator, functionValidator } from '../admission/review-function.ts';
import { podMutator } from '../admission/review-pod.ts';
import { listen } from './listen.ts';
import type { OpenedSource } from './open-source.ts';
import { type HealthSettings, type ProcessPart, startParts } from './process-part.ts';

export interface AdmissionSettings {
  readonly port: number;
  readonly listenAddress: string;
  readonly certDir: string;
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
  log: Logger,
): Promise<RunningWebhook> {
  const running = await startParts(settings, opened, [
    (metrics) => startAdmission(settings, opened, metrics, log),
  ]);
  const { parts, healthPort, stop } = running;
  return { port: parts[0].port, healthPort, stop };
}

/** Composes the admission server: certificate, endpoints, listening. */
export async function startAdmission(
  settings: AdmissionSettings,
  { source }: OpenedSource,
  metrics: Metrics,
  log: Logger,
): Promise<AdmissionPart> {
  const pair = await readCertificatePair(resolve(settings.certDir), new Date());
  metrics.setCertificateExpiry(pair.expiresAt);
  const admission = buildAdmissionServer({
    tls: { cert: pair.certificate, key: pair.key },
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
  return {
    port,
    missing: () => (isListening ? [] : ['admission server listening']),
    stop: async () => {
      isListening = false;
      await admission.close();
    },
  };
}

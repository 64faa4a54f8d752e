import { resolve } from 'node:path';
import { buildAdmissionServer } from '../adapters/http/admission-server.ts';
import { buildHealthServer } from '../adapters/http/health-server.ts';
import type { Logger } from '../adapters/log.ts';
import { Metrics } from '../adapters/metrics.ts';
import { type CertificatePair, readCertificatePair } from '../adapters/tls/certificate-pair.ts';
import { functionMutator, functionValidator } from '../admission/review-function.ts';
import { podMutator } from '../admission/review-pod.ts';
import { listen } from './listen.ts';
import type { OpenedSource } from './open-source.ts';

export interface WebhookProcessSettings {
  readonly port: number;
  readonly healthPort: number;
  readonly listenAddress: string;
  readonly certDir: string;
  readonly clusterDomain: string;
  readonly apiTokens: boolean;
  readonly excludedNamespaces: readonly string[];
}

export interface RunningWebhook {
  readonly port: number;
  readonly healthPort: number;
  /** Finishes what is in flight, closes everything, resolves when nothing is left. */
  stop(): Promise<void>;
}

/**
 * Composes the admission webhook: source, certificate, the two servers.
 *
 * @throws CertificateError or the system's error when it cannot start; then nothing is left running
 */
export async function startWebhook(
  settings: WebhookProcessSettings,
  opened: OpenedSource,
  log: Logger,
): Promise<RunningWebhook> {
  const pair = await readPair(settings.certDir, opened);
  const metrics = new Metrics();
  metrics.setCertificateExpiry(pair.expiresAt);
  metrics.watchStaleness(opened.staleness);

  const { source } = opened;
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
  let isListening = false;
  const health = buildHealthServer(
    () => [...(isListening ? [] : ['admission server listening']), ...opened.missing()],
    metrics,
  );
  const closeAll = async (): Promise<void> => {
    isListening = false;
    // Health last: until the end it says that this process wants no new work.
    await admission.close();
    await health.close();
    await opened.stop();
  };
  try {
    const healthPort = await listen(health, settings.listenAddress, settings.healthPort);
    const port = await listen(admission, settings.listenAddress, settings.port);
    isListening = true;
    return { port, healthPort, stop: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function readPair(folder: string, opened: OpenedSource): Promise<CertificatePair> {
  try {
    return await readCertificatePair(resolve(folder), new Date());
  } catch (error) {
    await opened.stop();
    throw error;
  }
}

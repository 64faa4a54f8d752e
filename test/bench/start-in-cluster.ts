import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureLocalCertificates } from '../../src/adapters/tls/local-certificates.ts';
import type { Cluster } from '../cluster/harness/cluster.ts';
import { productNamespace } from '../cluster/harness/service-accounts.ts';
import type { BenchContext } from './bench.ts';
import { MeasuredProcess } from './measured-process.ts';
import { freePorts, isReady, product } from './processes.ts';
import { productEnvironment } from './product-environment.ts';

/** `serve` as the image runs it, with what a cluster admin may do; ready when this resolves. */
export async function startInCluster(
  cluster: Cluster,
  { tools, folder }: BenchContext,
): Promise<MeasuredProcess> {
  const certificates = join(folder, 'serve-certs');
  await mkdir(certificates, { recursive: true });
  await ensureLocalCertificates(certificates, new Date());
  const [port = 0, healthPort = 0] = await freePorts(2);
  const started = new MeasuredProcess(
    tools,
    [
      ...[...product, 'serve', '--kubeconfig', cluster.plane.adminKubeconfig],
      ...['--listen-address', '127.0.0.1', '--port', `${port}`, '--health-port', `${healthPort}`],
      ...['--cert-dir', certificates, '--lease-namespace', productNamespace],
    ],
    { environment: await productEnvironment() },
  );
  await started.until(() => isReady(healthPort));
  return started;
}

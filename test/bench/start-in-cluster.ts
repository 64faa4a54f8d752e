import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ensureLocalCertificates } from '../../src/adapters/tls/local-certificates.ts';
import { asText, at, objectsOf } from '../../src/api/json.ts';
import type { Cluster } from '../cluster/harness/cluster.ts';
import {
  accountKubeconfig,
  productAccount,
  productNamespace,
} from '../cluster/harness/service-accounts.ts';
import type { BenchContext } from './bench.ts';
import { MeasuredProcess } from './measured-process.ts';
import { freePorts, isReady, product } from './processes.ts';
import { productEnvironment } from './product-environment.ts';

/** The product in a cluster, and what API servers need to call it. */
export interface InCluster {
  readonly process: MeasuredProcess;
  readonly port: number;
  /** PEM. */
  readonly ca: string;
}

/** `serve` as the image runs it in a pod: with its ServiceAccount and no kubeconfig; ready when this resolves. */
export async function startInCluster(
  cluster: Cluster,
  { tools, folder }: BenchContext,
): Promise<InCluster> {
  const certificates = join(folder, 'serve-certs');
  await ensureLocalCertificates(certificates, new Date());
  const account = await mountAccount(cluster, folder);
  const [port = 0, healthPort = 0] = await freePorts(2);
  const started = new MeasuredProcess(
    tools,
    [
      ...[...product, 'serve', '--service-account-dir', account],
      ...['--listen-address', '127.0.0.1', '--port', `${port}`, '--health-port', `${healthPort}`],
      ...['--certificates', 'files', '--cert-dir', certificates],
    ],
    {
      environment: {
        ...(await productEnvironment()),
        KUBERNETES_SERVICE_HOST: '127.0.0.1',
        KUBERNETES_SERVICE_PORT: String(cluster.plane.port),
        // No kubeconfig of whoever runs this.
        HOME: folder,
      },
    },
  );
  await started.until(() => isReady(healthPort));
  return { process: started, port, ca: await readFile(join(certificates, 'ca.crt'), 'utf8') };
}

/** The files that a kubelet would mount. */
async function mountAccount(cluster: Cluster, parent: string): Promise<string> {
  const folder = join(parent, 'service-account');
  await mkdir(folder, { recursive: true });
  const path = await accountKubeconfig(cluster.kubectl, cluster.plane, productAccount);
  const kubeconfig: unknown = parse(await readFile(path, 'utf8'));
  const token = at(objectsOf(at(kubeconfig, 'users'))[0]?.item, 'user', 'token');
  const authority = at(
    objectsOf(at(kubeconfig, 'clusters'))[0]?.item,
    'cluster',
    'certificate-authority-data',
  );
  await writeFile(join(folder, 'token'), asText(token) ?? '', { mode: 0o600 });
  await writeFile(join(folder, 'ca.crt'), Buffer.from(asText(authority) ?? '', 'base64'));
  await writeFile(join(folder, 'namespace'), productNamespace);
  return folder;
}

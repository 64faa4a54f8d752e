import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureLocalCertificates } from '../../src/adapters/tls/local-certificates.ts';
import type { JsonObject } from '../../src/api/json.ts';
import type { BenchContext } from './bench.ts';
import { MeasuredProcess } from './measured-process.ts';
import { accepts, freePorts, isReady, node, product, program } from './processes.ts';
import { productEnvironment } from './product-environment.ts';

/** A process, and where it takes reviews over TLS. */
export interface AdmissionServer {
  readonly process: MeasuredProcess;
  readonly port: number;
}

export interface AdmissionServers {
  readonly ours: AdmissionServer;
  readonly bare: AdmissionServer;
}

/**
 * Both servers on core 0, with one certificate; whatever makes load is on core 1.
 *
 * @param known Functions that ours knows
 */
export async function startAdmissionServers(
  { folder, tools }: BenchContext,
  known: readonly JsonObject[],
): Promise<AdmissionServers> {
  const certificates = join(folder, 'certs');
  const functions = join(folder, 'functions');
  await mkdir(functions, { recursive: true });
  await ensureLocalCertificates(certificates, new Date());
  const list = { apiVersion: 'v1', kind: 'List', items: [...known] };
  await writeFile(join(functions, 'functions.json'), JSON.stringify(list));
  const [port = 0, healthPort = 0, barePort = 0] = await freePorts(3);
  const ours = new MeasuredProcess(
    tools,
    [
      ...[...product, 'webhook', '--offline', '-f', functions, '--cert-dir', certificates],
      ...['--listen-address', '127.0.0.1', '--port', `${port}`, '--health-port', `${healthPort}`],
    ],
    { core: 0, environment: await productEnvironment() },
  );
  const bareProcess = new MeasuredProcess(
    tools,
    [node, program('bare-webhook.ts'), certificates, `${barePort}`],
    { core: 0 },
  );
  await ours.until(() => isReady(healthPort));
  await bareProcess.until(() => accepts(barePort));
  return { ours: { process: ours, port }, bare: { process: bareProcess, port: barePort } };
}

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FunctionVersion } from '../../../src/api/keys.ts';
import type { Environment } from '../assets/asset-source.ts';
import { formatDuration } from '../assets/elapsed-time.ts';
import { type AssetPaths, ensureAssets } from '../assets/ensure-assets.ts';
import { ControlPlane } from '../harness/control-plane.ts';
import { Kubectl } from '../harness/kubectl.ts';
import { prepareCluster } from '../harness/prepare-cluster.ts';
import { Product } from '../harness/product.ts';
import { accountKubeconfig, productAccount } from '../harness/service-accounts.ts';
import { untilCalled } from '../harness/webhook-calls.ts';
import { webhookConfigurations } from '../harness/webhook-configurations.ts';
import { explainFailure } from './explain-failure.ts';
import { findOnPath } from './find-on-path.ts';
import { introduction } from './introduction.ts';
import type { Colours } from './render-log-line.ts';
import { say } from './say.ts';
import { WebhookLog } from './webhook-log.ts';

export interface PlaygroundOptions {
  readonly functions: FunctionVersion;
  /** Folder of its own, which the caller removes. */
  readonly folder: string;
  readonly colours: Colours;
  readonly environment: Environment;
  readonly stopSignal: AbortSignal;
}

/**
 * Starts it all, says what can be done with it, shows the webhook's log, and
 * stops it all when asked to.
 *
 * @returns the exit code
 */
export async function runPlayground(options: PlaygroundOptions): Promise<number> {
  const { stopSignal } = options;
  stopSignal.addEventListener('abort', () => say('stopping'), { once: true });
  const running = new AsyncDisposableStack();
  try {
    const product = await start(options, running);
    const code = await Promise.race([product.ended, aborted(stopSignal)]);
    if (stopSignal.aborted) return 0;
    say(`the webhook ended ${code === null ? 'by a signal' : `with exit code ${code}`}`);
    return 1;
  } catch (error) {
    if (stopSignal.aborted) return 0;
    say(explainFailure(error));
    return 1;
  } finally {
    await running.disposeAsync();
  }
}

/** @param running gets what has to be stopped, as soon as it has to be */
async function start(
  { functions, folder, colours, environment, stopSignal }: PlaygroundOptions,
  running: AsyncDisposableStack,
): Promise<Product> {
  const startedAtMs = performance.now();
  say('starting');
  const assets = await ensureAssets({ environment, log: say, stopSignal });
  stopSignal.throwIfAborted();
  const plane = running.adopt(
    await ControlPlane.start({ assets, folder: join(folder, 'control-plane') }),
    (started) => started.stop(),
  );
  stopSignal.throwIfAborted();
  const kubectl = new Kubectl(assets.kubectl, plane.adminKubeconfig, folder);
  await prepareCluster(kubectl, functions);
  stopSignal.throwIfAborted();
  const log = new WebhookLog(join(folder, 'webhook.log'), colours, process.stdout);
  const product = running.adopt(
    await startProduct(plane, kubectl, join(folder, 'webhook'), log),
    (started) => started.stop(),
  );
  stopSignal.throwIfAborted();
  const configurations = webhookConfigurations({ port: product.port, ca: product.ca });
  await kubectl.run(['create', '-f', '-'], configurations);
  await untilCalled(kubectl, functions);
  stopSignal.throwIfAborted();
  say(`up after ${formatDuration(performance.now() - startedAtMs)}`);
  process.stdout.write(
    introduction({
      functions,
      folder,
      kubeconfig: plane.adminKubeconfig,
      logFile: log.path,
      kubectl: await kubectlToAdd(assets, environment),
    }),
  );
  log.showAll();
  return product;
}

/** Webhook and controller, as their own ServiceAccount and in a process of their own. */
async function startProduct(
  plane: ControlPlane,
  kubectl: Kubectl,
  folder: string,
  log: WebhookLog,
): Promise<Product> {
  await mkdir(folder);
  return Product.start({
    command: 'serve',
    kubeconfig: await accountKubeconfig(kubectl, plane, productAccount),
    folder,
    onLine: (line) => log.take(line),
  });
}

/** Our kubectl, when those who try the commands have none. */
async function kubectlToAdd(
  { kubectl }: AssetPaths,
  { PATH }: Environment,
): Promise<string | undefined> {
  return (await findOnPath('kubectl', PATH)) === undefined ? kubectl : undefined;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readFiles } from '../../../src/adapters/files/read-objects.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import type { FunctionVersion } from '../../../src/api/keys.ts';
import { repositoryFolder } from '../../support/source-tree.ts';
import { makeFolder, removeFolder } from '../../support/temporary-folder.ts';
import { type AssetPaths, ensureAssets } from '../assets/ensure-assets.ts';
import type { AuditLog } from './audit-log.ts';
import { ChaosProxy } from './chaos-proxy.ts';
import { ControlPlane } from './control-plane.ts';
import { Kubectl } from './kubectl.ts';
import { prepareCluster } from './prepare-cluster.ts';
import { Product, type ProductRun } from './product.ts';
import { accountKubeconfig, addAccount, productAccount } from './service-accounts.ts';
import { untilCalled, untilForgotten } from './webhook-calls.ts';
import { webhookConfigurations } from './webhook-configurations.ts';

/** A control plane with the product registered in it, as an admin would have it. */
export class Cluster {
  readonly plane: ControlPlane;
  readonly kubectl: Kubectl;
  readonly assets: AssetPaths;
  /** Stands between the product and the API server. */
  readonly chaos: ChaosProxy;
  readonly folder: string;
  #product: Product | undefined;
  #version: FunctionVersion = 'v1beta2';
  #namespaces = 0;
  #products = 0;

  private constructor(
    plane: ControlPlane,
    kubectl: Kubectl,
    assets: AssetPaths,
    chaos: ChaosProxy,
    folder: string,
  ) {
    this.plane = plane;
    this.kubectl = kubectl;
    this.assets = assets;
    this.chaos = chaos;
    this.folder = folder;
  }

  static async start(): Promise<Cluster> {
    const assets = await ensureAssets({
      environment: process.env,
      log: (line) => process.stderr.write(`${line}\n`),
    });
    const folder = await makeFolder();
    const plane = await ControlPlane.start({ assets, folder: join(folder, 'control-plane') });
    const kubectl = new Kubectl(assets.kubectl, plane.adminKubeconfig, folder);
    const chaos = await ChaosProxy.start(plane.port);
    return new Cluster(plane, kubectl, assets, chaos, folder);
  }

  /** Installs the CRDs of a version, starts the product, registers it. */
  async install(version: FunctionVersion, run: ProductRun = {}): Promise<void> {
    this.#version = version;
    await prepareCluster(this.kubectl, version);
    this.#product = await this.#start(productAccount, this.chaos.url, run);
    await this.register();
  }

  /**
   * Starts one more process of the product, as a ServiceAccount of its own with
   * the same rights, so that the audit log tells who wrote. The caller stops it.
   */
  async startAnother(account: string, run: ProductRun): Promise<Product> {
    await addAccount(this.kubectl, account);
    return this.#start(account, undefined, run);
  }

  async #start(account: string, server: string | undefined, run: ProductRun): Promise<Product> {
    this.#products += 1;
    const folder = join(this.folder, `product-${this.#products}`);
    await mkdir(folder);
    const kubeconfig = await accountKubeconfig(this.kubectl, this.plane, account, server);
    return Product.start({ ...run, kubeconfig, folder });
  }

  /** Applies the webhook configurations that are shipped. */
  async register(failurePolicy?: 'Ignore' | 'Fail'): Promise<void> {
    const { port, ca } = this.product;
    const target = { port, ca, ...(failurePolicy === undefined ? {} : { failurePolicy }) };
    const apply = ['apply', '--server-side', '--force-conflicts', '-f', '-'];
    await this.kubectl.run(apply, webhookConfigurations(target));
    await untilCalled(this.kubectl, this.#version);
  }

  /** Deletes the webhook configurations, and waits until API servers know. */
  async unregister(): Promise<void> {
    await this.kubectl.run([
      ...['delete', 'mutatingwebhookconfiguration,validatingwebhookconfiguration'],
      ...['baas.openfunction.io', '--ignore-not-found'],
    ]);
    await untilForgotten(this.kubectl, this.#version);
  }

  /** Runs something while the product is not registered, as before it was installed. */
  async withoutWebhook(run: () => Promise<void>): Promise<void> {
    await this.unregister();
    try {
      await run();
    } finally {
      await this.register();
    }
  }

  /** The reverse of `install`. */
  async uninstall(): Promise<void> {
    await this.unregister();
    await this.#product?.stop();
    this.#product = undefined;
    await this.kubectl.run(['delete', 'crd', '--all', '--timeout=60s']);
  }

  get audit(): AuditLog {
    return this.plane.auditLog;
  }

  get product(): Product {
    if (this.#product === undefined) throw new Error('the product is not installed');
    return this.#product;
  }

  /** Deletes every Function, so that what a suite made keeps nobody busy any more. */
  async deleteFunctions(): Promise<void> {
    await this.kubectl.run(['delete', 'functions', '--all', '--all-namespaces', '--timeout=120s']);
  }

  /** A namespace of the test's own. */
  async namespace(prefix = 'test'): Promise<string> {
    this.#namespaces += 1;
    const name = `${prefix}-${this.#namespaces}`;
    await this.kubectl.run(['create', 'namespace', name]);
    // Pods are refused until the controller manager has made it.
    await this.kubectl.run([
      ...['wait', '--for=create', 'serviceaccount/default', '-n', name, '--timeout=60s'],
    ]);
    return name;
  }

  /** Objects of a file in the repository. */
  async read(path: string): Promise<JsonObject[]> {
    const contents = await readFiles([join(repositoryFolder, path)]);
    return contents.flatMap(({ objects }) => objects.map(({ object }) => object));
  }

  async stop(): Promise<void> {
    await this.#product?.stop();
    await this.chaos.stop();
    await this.plane.stop();
    await removeFolder(this.folder);
  }
}

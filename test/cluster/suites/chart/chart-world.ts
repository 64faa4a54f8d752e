import { cp, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { JsonObject } from '../../../../src/api/json.ts';
import { runHelm } from '../../../manifests/render/helm.ts';
import { chartFolder, valueArguments } from '../../../manifests/render/render-chart.ts';
import { listAt, textAt } from '../../../support/json.ts';
import { repositoryFolder } from '../../../support/source-tree.ts';
import { makeFolder, removeFolder } from '../../../support/temporary-folder.ts';
import { ensureAssets } from '../../assets/ensure-assets.ts';
import { ControlPlane } from '../../harness/control-plane.ts';
import { functionObject, podOf } from '../../harness/fixtures.ts';
import { keptObjects } from '../../harness/kept-objects.ts';
import { Kubectl, type KubectlResult } from '../../harness/kubectl.ts';
import { until } from '../../harness/until.ts';

export const releaseName = 'openfunction-dapr-webhook';

const configurationKinds = ['mutatingwebhookconfiguration', 'validatingwebhookconfiguration'];
const configurationName = 'baas.openfunction.io';

/** Helm waits for five minutes by itself; nothing here takes as long. */
const helmTimeoutMs = 120_000;

/** A control plane with the CRDs, and nothing of the product in it yet. */
export class ChartWorld {
  readonly plane: ControlPlane;
  readonly kubectl: Kubectl;
  readonly folder: string;
  readonly #helm: string;
  #names = 0;

  private constructor(plane: ControlPlane, kubectl: Kubectl, folder: string, helm: string) {
    this.plane = plane;
    this.kubectl = kubectl;
    this.folder = folder;
    this.#helm = helm;
  }

  static async start(helm: string): Promise<ChartWorld> {
    const log = (line: string) => process.stderr.write(`${line}\n`);
    const assets = await ensureAssets({ environment: process.env, log });
    const folder = await makeFolder();
    const planeFolder = join(folder, 'control-plane');
    await mkdir(planeFolder);
    const plane = await ControlPlane.start({ assets, folder: planeFolder });
    const kubectl = new Kubectl(assets.kubectl, plane.adminKubeconfig, folder);
    for (const crds of ['dapr', 'openfunction-1']) {
      await kubectl.run(['create', '-f', join(repositoryFolder, 'manifests/crds', crds)]);
    }
    await kubectl.run(['wait', '--for=condition=Established', 'crd', '--all']);
    await kubectl.run([
      ...['wait', '--for=create', 'serviceaccount/default', '-n', 'default', '--timeout=60s'],
    ]);
    return new ChartWorld(plane, kubectl, folder, helm);
  }

  async stop(): Promise<void> {
    await this.plane.stop();
    await removeFolder(this.folder);
  }

  /** Runs Helm on this cluster, in the release's namespace. @throws when it fails, with what it said */
  async helm(...args: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await runHelm([...args, '--namespace', releaseName], {
      helm: this.#helm,
      kubeconfig: this.plane.adminKubeconfig,
      timeoutMs: helmTimeoutMs,
    });
    if (exitCode !== 0) throw new Error(`helm ${args.join(' ')}: ${stderr}${stdout}`);
    return `${stdout}${stderr}`;
  }

  install(values: Readonly<Record<string, unknown>> = {}, chart = chartFolder): Promise<string> {
    const install = ['install', releaseName, chart, '--create-namespace'];
    return this.helm(...install, ...valueArguments(values));
  }

  upgrade(values: Readonly<Record<string, unknown>>, chart = chartFolder): Promise<string> {
    return this.helm('upgrade', releaseName, chart, ...valueArguments(values));
  }

  /**
   * A copy of the chart with some of its text replaced.
   *
   * @param replaced by file, what stands there, and what instead
   * @param added further files, and what is in them
   * @returns its folder
   */
  async copyOfChart(
    replaced: Readonly<Record<string, readonly [what: string, instead: string]>>,
    added: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const folder = join(await mkdtemp(join(this.folder, 'chart-')), releaseName);
    await cp(chartFolder, folder, { recursive: true });
    for (const [name, [what, instead]] of Object.entries(replaced)) {
      const path = join(folder, name);
      const text = await readFile(path, 'utf8');
      if (!text.includes(what)) throw new Error(`${name} has no ${what}`);
      await writeFile(path, text.replaceAll(what, instead));
    }
    for (const [name, text] of Object.entries(added)) await writeFile(join(folder, name), text);
    return folder;
  }

  uninstall(): Promise<string> {
    return this.helm('uninstall', releaseName);
  }

  /** Removes whatever a test has left. */
  async clean(): Promise<void> {
    const every = ['--all', '--ignore-not-found'];
    await this.kubectl.run(['delete', configurationKinds.join(), ...every]);
    await this.kubectl.run(['delete', 'functions', '--all-namespaces', '--all']);
    // Garbage collection takes a moment, and the next test has Functions of the same names.
    await until('what was kept for them to go', async () => {
      return (await keptObjects(this.kubectl, 'default', undefined, ['deployments'])).length === 0;
    });
    const label = ['-l', 'app.kubernetes.io/name=openfunction-dapr-webhook'];
    await this.kubectl.run(['delete', 'clusterrole,clusterrolebinding,priorityclass', ...label]);
    await this.kubectl.run(['delete', 'namespace', releaseName, '--ignore-not-found']);
    await this.kubectl.run(['delete', 'pods', '-n', 'default', '--all', '--grace-period=0']);
  }

  /** Creates an object in `default`, under a name that is free. */
  create(object: JsonObject, namespace = 'default'): Promise<KubectlResult> {
    this.#names += 1;
    const metadata = { ...(object['metadata'] as JsonObject), name: `test-${this.#names}` };
    return this.kubectl.try(['create', '-n', namespace, '-f', '-'], [{ ...object, metadata }]);
  }

  createFunctionPod(namespace?: string): Promise<KubectlResult> {
    return this.create(podOf('orders', {}), namespace);
  }

  createFunction(): Promise<KubectlResult> {
    return this.create(functionObject('v1beta2', { name: 'orders' }));
  }

  /** Pods that are nobody's function, and everything in kube-system, are made as ever. */
  async expectOthersUnaffected(): Promise<void> {
    const { metadata: _metadata, ...pod } = podOf('none', {});
    expect(await this.create({ ...pod, metadata: {} })).toMatchObject({ code: 0 });
    expect(await this.createFunctionPod('kube-system')).toMatchObject({ code: 0 });
  }

  /** And so are Functions and their Pods. */
  async expectFunctionsUnaffected(): Promise<void> {
    await this.expectOthersUnaffected();
    expect(await this.createFunctionPod()).toMatchObject({ code: 0, stderr: '' });
    expect(await this.createFunction()).toMatchObject({ code: 0, stderr: '' });
  }

  /** Configurations that are there, as JSON. */
  async configurations(): Promise<JsonObject[]> {
    const { stdout } = await this.kubectl.try(['get', configurationKinds.join(), '-o', 'json']);
    return listAt(JSON.parse(stdout), 'items');
  }

  /** Every caBundle in them, each once. */
  async caBundles(): Promise<unknown[]> {
    const webhooks = (await this.configurations()).flatMap((one) => listAt(one, 'webhooks'));
    return [
      ...new Set(webhooks.map(({ clientConfig }) => (clientConfig as JsonObject)['caBundle'])),
    ];
  }

  setCaBundles(caBundle: string): Promise<void> {
    return this.patchWebhooks('/clientConfig/caBundle', caBundle);
  }

  /** Sets a field of every webhook. */
  async patchWebhooks(path: string, value: string | number): Promise<void> {
    for (const configuration of await this.configurations()) {
      const patch = listAt(configuration, 'webhooks').map((_webhook, index) => ({
        op: 'add',
        path: `/webhooks/${index}${path}`,
        value,
      }));
      await this.kubectl.run([
        ...['patch', textAt(configuration, 'kind'), configurationName],
        ...['--type=json', '-p', JSON.stringify(patch)],
      ]);
    }
  }
}

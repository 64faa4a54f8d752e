import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { at, type JsonObject } from '../../../../src/api/json.ts';
import { version } from '../../../../src/settings/version.ts';
import { authority, serving } from '../../../adapters/tls/made-certificates.ts';
import { listAt, pick, textAt } from '../../../support/json.ts';
import { RunningProgram, runProgram } from '../../../support/run-process.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { eventually } from '../../harness/eventually.ts';
import { functionObject, modeAnnotations, podOf } from '../../harness/fixtures.ts';
import { freePort } from '../../harness/free-port.ts';
import { accountKubeconfig } from '../../harness/service-accounts.ts';
import { until } from '../../harness/until.ts';
import { type ChartWorld, releaseName } from './chart-world.ts';

const bothFail = { 'failurePolicy.pods': 'Fail', 'failurePolicy.functions': 'Fail' };

/** Long enough for API servers to hear of everything that an uninstall does. */
const afterwardsMs = 3_000;

interface StartOptions {
  /** Port at which the release has its Service called, where that is not the usual one. */
  readonly calledAt?: number;
  readonly flags?: readonly string[];
}

/** As much of cert-manager as an API server has to know to store what the chart asks it for. */
const certManagerDefinitions = ['Certificate', 'Issuer'].map((kind): JsonObject => {
  const names = { kind, singular: kind.toLowerCase(), plural: `${kind.toLowerCase()}s` };
  const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${names.plural}.cert-manager.io` },
    spec: {
      group: 'cert-manager.io',
      scope: 'Namespaced',
      names,
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  };
});

/**
 * A release whose process runs beside the cluster instead of in a pod: with the
 * account, the rights and the settings file of the chart, called through its
 * Service, trusted by the caBundle that the process itself has written.
 */
export function endToEndSuite(world: () => ChartWorld): void {
  let program: RunningProgram | undefined;

  afterEach(async () => {
    await program?.kill();
    program = undefined;
    await world().clean();
  });

  /** Starts what the Deployment would have, leads its Service there, and waits until it is ready. */
  async function start(options?: StartOptions): Promise<void> {
    const readiness = await launch(options);
    await until('the process to be ready', async () => (await fetch(readiness)).ok);
  }

  /** The same without waiting. @returns where it says whether it is ready */
  async function launch({ calledAt, flags = [] }: StartOptions = {}): Promise<string> {
    const { kubectl, plane, folder } = world();
    const configMap = await kubectl.get('configmap', releaseName, releaseName);
    const settings = join(folder, 'settings.yaml');
    await writeFile(settings, textAt(configMap, 'data', 'settings.yaml'));
    const [port, healthPort] = [calledAt ?? (await freePort()), await freePort()];
    // The API server dials this name at the port of the webhook, and verifies that of the Service.
    const external = { type: 'ExternalName', externalName: 'localhost', clusterIP: null };
    await patch('service', JSON.stringify({ spec: { ...external, clusterIPs: null } }));
    if (calledAt === undefined) {
      await world().patchWebhooks('/clientConfig/service/port', port);
    }
    program = new RunningProgram([
      ...['serve', '--settings-file', settings, '--listen-address', '127.0.0.1'],
      ...['--port', String(port), '--health-port', String(healthPort)],
      ...['--kubeconfig', await accountKubeconfig(kubectl, plane, releaseName), ...flags],
    ]);
    await program.logged('listening');
    return `http://127.0.0.1:${healthPort}/readyz`;
  }

  const patch = (kind: string, content: string): Promise<string> =>
    world().kubectl.run([
      ...['patch', kind, releaseName, '-n', releaseName, '--type=merge', '-p', content],
    ]);

  /** Mode that a new Pod of the Function is admitted in; undefined when nobody admitted it. */
  async function admittedMode(name: string): Promise<unknown> {
    await world().kubectl.run(['create', '-n', 'default', '-f', '-'], [podOf('orders', { name })]);
    const pod = await world().kubectl.get('pods', name, 'default');
    return at(pod, 'metadata', 'labels', 'baas.openfunction.io/mode');
  }

  async function createOrders(): Promise<void> {
    const annotations = modeAnnotations('standalone');
    const fn = functionObject('v1beta2', { name: 'orders', annotations, hasOutput: true });
    await world().kubectl.run(['create', '-n', 'default', '-f', '-'], [fn]);
  }

  /** Creates function pods, one after the other, for as long as something goes on. @returns those that were refused */
  async function refusedWhile(
    goesOn: () => Promise<void>,
  ): Promise<{ at: number; stderr: string }[]> {
    const refusals: { at: number; stderr: string }[] = [];
    let isGoingOn = true;
    const load = (async () => {
      while (isGoingOn) {
        const { code, stderr } = await world().createFunctionPod();
        if (code !== 0) refusals.push({ at: Date.now(), stderr });
      }
    })();
    try {
      await goesOn();
    } finally {
      isGoingOn = false;
      await load;
    }
    return refusals;
  }

  const keptProxies = (): Promise<JsonObject[]> =>
    world().kubectl.list('deployments', 'default', 'baas.openfunction.io/proxy=orders');

  describe('a release', () => {
    it('admits through its Service, trusted by what it wrote, with the rights of the chart', async () => {
      await world().install(bothFail);
      await start();
      await createOrders();
      expect(await admittedMode('one')).toBe('standalone');
      await eventually(async () => expect(await keptProxies()).toHaveLength(1));
      const [proxy] = await keptProxies();
      expect(pick(proxy, 'spec', 'template', 'spec', 'containers', 0, 'image')).toMatch(
        /^openfunction-dapr-webhook:/,
      );
      expect(complaints()).toEqual([]);
    });

    it('is ready once cert-manager has written caBundle, where a value leaves certificates to it', async () => {
      const { kubectl } = world();
      const crds = certManagerDefinitions.map(({ metadata }) => textAt(metadata, 'name'));
      await kubectl.run(['create', '-f', '-'], certManagerDefinitions);
      onTestFinished(async () => {
        await kubectl.run(['delete', 'crd', ...crds]);
      });
      await kubectl.run(['wait', '--for=condition=Established', 'crd', ...crds]);
      await world().install({ ...bothFail, 'certificates.source': 'cert-manager' });

      // What cert-manager would make, in the folder that its Secret would be mounted as.
      const certificate = await kubectl.get('certificates', releaseName, releaseName);
      const signer = await authority();
      const { certificate: crt, key } = await serving(
        signer,
        pick(certificate, 'spec', 'dnsNames') as string[],
      );
      const folder = await temporaryFolder();
      await writeFile(join(folder, 'tls.crt'), crt);
      await writeFile(join(folder, 'tls.key'), key);
      const readiness = await launch({ flags: ['--cert-dir', folder] });
      await eventually(async () => {
        expect(await (await fetch(readiness)).json()).toMatchObject({
          missing: ['mutating', 'validating'].map((kind) =>
            expect.stringMatching(`^caBundle of ${kind}`),
          ),
        });
      });

      await world().setCaBundles(Buffer.from(signer.certificate).toString('base64'));
      await until('the process to be ready', async () => (await fetch(readiness)).ok);
      await createOrders();
      expect(await admittedMode('one')).toBe('standalone');
      expect(complaints()).toEqual([]);
    });

    it('is upgraded from an earlier chart under load, with failurePolicy Fail, and nobody is refused', async () => {
      const port = await freePort();
      const called: Record<string, [string, string]> = {
        'templates/webhook-configurations.yaml': ['port: 443', `port: ${port}`],
      };
      const earlier = await world().copyOfChart(
        { ...called, 'Chart.yaml': [`ersion: ${version}`, 'ersion: 0.0.1'] },
        {
          'templates/former.yaml':
            'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: former, namespace: {{ .Release.Namespace }} }\n',
        },
      );
      await world().install(bothFail, earlier);
      await start({ calledAt: port });
      await createOrders();
      const [caBundle, ...others] = await world().caBundles();
      expect(caBundle).toMatch(/^[A-Za-z0-9+/]+=*$/);
      expect(others).toEqual([]);

      const current = await world().copyOfChart(called);
      const refusals = await refusedWhile(async () => {
        await world().upgrade({ ...bothFail, replicas: 3 }, current);
        expect(await admittedMode('one')).toBe('standalone');
      });
      expect(refusals).toEqual([]);
      expect(await world().caBundles()).toEqual([caBundle]);
      const deployment = await world().kubectl.get('deployment', releaseName, releaseName);
      expect(pick(deployment, 'spec', 'replicas')).toBe(3);
      expect(pick(deployment, 'spec', 'template', 'spec', 'containers', 0, 'image')).toBe(
        `${releaseName}:${version}`,
      );
      const maps = await world().kubectl.list('configmaps', releaseName);
      expect(maps.map((map) => at(map, 'metadata', 'name'))).not.toContain('former');
    });

    it('is uninstalled under load, with failurePolicy Fail, and nobody is refused afterwards', async () => {
      await world().install(bothFail);
      await start();
      await createOrders();
      let uninstalledAt = Number.POSITIVE_INFINITY;
      const refusals = await refusedWhile(async () => {
        await world().uninstall();
        uninstalledAt = Date.now();
        await new Promise((resolve) => setTimeout(resolve, afterwardsMs));
      });
      expect(refusals.filter((refusal) => refusal.at > uninstalledAt + 1000)).toEqual([]);
      // What it made for the Function stays, and so does the Function.
      expect(await keptProxies()).toHaveLength(1);
      await world().expectFunctionsUnaffected();
    });

    it('removes proxies at its end where a value says so, with an account that goes with the Job', async () => {
      await world().install({ 'uninstall.proxies': 'delete' });
      await start();
      await createOrders();
      await eventually(async () => expect(await keptProxies()).toHaveLength(1));
      const job = `${releaseName}-remove-proxies`;
      const uninstalled = world().uninstall();
      const pod = await eventually(async () => {
        const pods = await world().kubectl.list('pods', releaseName, `job-name=${job}`);
        expect(pods).toHaveLength(1);
        return pods[0] as JsonObject;
      });
      // What its kubelet would do.
      expect(pick(pod, 'spec', 'serviceAccountName')).toBe(job);
      const args = listAt(pod, 'spec', 'containers').flatMap((one) => one['args']) as string[];
      const { kubectl, plane } = world();
      const kubeconfig = await accountKubeconfig(kubectl, plane, job);
      const { code, stdout } = await runProgram([...args, '--kubeconfig', kubeconfig]);
      expect(stdout).toContain('"kind":"Deployment","namespace":"default"');
      expect(code).toBe(0);
      await kubectl.run([
        ...['patch', 'pod', textAt(pod, 'metadata', 'name'), '-n', releaseName],
        ...['--subresource=status', '--type=merge', '-p', '{"status":{"phase":"Succeeded"}}'],
      ]);
      await uninstalled;
      expect(await keptProxies()).toEqual([]);
      const left = await kubectl.try([
        ...['get', 'clusterrole,clusterrolebinding', '-o', 'name'],
        ...['-l', `app.kubernetes.io/name=${releaseName}`],
      ]);
      expect(left.stdout).toBe('');
      expect(await kubectl.list('serviceaccounts', releaseName)).toHaveLength(1);
    });
  });

  /** What the process complains of. */
  const complaints = (): unknown[] =>
    program?.log.filter(({ level }) => level === 'warn' || level === 'error') ?? [];
}

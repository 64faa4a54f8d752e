import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ensureLocalCertificates } from '../../../src/adapters/tls/local-certificates.ts';
import { asObject, at, type JsonObject, objectsOf } from '../../../src/api/json.ts';
import { installObjects } from '../../support/install-manifest.ts';
import type { Cluster } from '../harness/cluster.ts';
import {
  daprAndOpenFunction,
  injectorName,
  openFunctionName,
  platformNamespace,
} from '../harness/dapr-and-openfunction.ts';
import { eventually } from '../harness/eventually.ts';
import { functionObject, modeAnnotations, podOf } from '../harness/fixtures.ts';
import { setPodsReady } from '../harness/pod-readiness.ts';
import type { Product } from '../harness/product.ts';
import { type Checked, runCheck } from '../harness/run-check.ts';
import { grantRights, productNamespace } from '../harness/service-accounts.ts';

/** Spelled out here: a typing mistake in the product must not carry its tests along. */
const name = 'openfunction-dapr-webhook';
const secretName = `${name}-certificates`;
const configurationName = 'baas.openfunction.io';
const mutating = `mutatingwebhookconfiguration/${configurationName}`;
const validating = `validatingwebhookconfiguration/${configurationName}`;
const proxyName = 'in-standalone-dapr-proxy';

const version = 'v1beta2';
const modes = ['standalone', 'sidecar', 'disabled'] as const;

/** What nobody answers. */
const podRuns = modes.map((mode) => `error dry-run-pod-${mode}`);
const dryRuns = ['error dry-run-function', 'error dry-run-invalid-function', ...podRuns];

/** One way to break an installation, and what is to be said of it. */
type Breakage = readonly [
  what: string,
  harm: () => Promise<unknown>,
  ills: readonly string[],
  /** Question, and a part of the message, which names the broken thing. */
  named: readonly [id: string, message: string],
];

/**
 * An installation from `manifests/install.yaml` in which all is well: its pods and
 * those of Dapr, OpenFunction and a proxy are said to be ready, and its Service
 * leads to a process on loopback. Broken in one way after the other, and mended.
 */
export function checkInstallationSuite(cluster: () => Cluster): void {
  let namespace: string;
  let product: Product;

  const run = (...args: string[]): Promise<string> => cluster().kubectl.run(args);
  const apply = (objects: readonly JsonObject[]): Promise<string> =>
    cluster().kubectl.run(
      ['apply', '--server-side', '--force-conflicts', '--field-manager=installer', '-f', '-'],
      objects,
    );
  const patch = (target: string, type: 'json' | 'merge', content: unknown): Promise<string> =>
    run('patch', target, '-n', productNamespace, `--type=${type}`, '-p', JSON.stringify(content));
  const check = (): Promise<Checked> => runCheck(cluster().plane.adminKubeconfig);

  const shipped = (isWanted: (object: JsonObject) => boolean): JsonObject[] =>
    installObjects().filter(isWanted);
  const isConfiguration = ({ webhooks }: JsonObject): boolean => webhooks !== undefined;

  /** As shipped, but for the port: no kube-proxy translates it here. */
  function configurations(): JsonObject[] {
    return shipped(isConfiguration).map((object) => ({
      ...object,
      webhooks: objectsOf(object['webhooks']).map(({ item }) => {
        const service = { ...asObject(at(item, 'clientConfig', 'service')), port: product.port };
        return { ...item, clientConfig: { service } };
      }),
    }));
  }

  /** API servers dial this name, and verify that of the Service. */
  const service = {
    type: 'ExternalName',
    externalName: 'localhost',
    clusterIP: null,
    clusterIPs: null,
  };

  const endpoints: JsonObject = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name,
      namespace: productNamespace,
      labels: { 'kubernetes.io/service-name': name },
    },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.1.0.4'], conditions: { ready: true } }],
    ports: [],
  };

  /** Every Deployment that `check` looks at. */
  const deployments = (): [namespace: string, name: string][] => [
    [productNamespace, name],
    [platformNamespace, injectorName],
    [platformNamespace, openFunctionName],
    [namespace, proxyName],
  ];

  /** Brings everything to where all is well, wherever it was. */
  async function mend(): Promise<void> {
    await apply(daprAndOpenFunction(1));
    await apply(shipped((object) => !isConfiguration(object)));
    await grantRights(cluster().kubectl);
    await patch(`service/${name}`, 'merge', {
      spec: { ...service, ports: [{ name: 'called', port: product.port }] },
    });
    await apply([endpoints]);
    await product.ensureRunning();
    await apply(configurations());
    for (const [where, which] of deployments()) {
      await run('wait', '--for=create', `deployment/${which}`, '-n', where, '--timeout=60s');
      await setPodsReady(cluster().kubectl, where, which, true);
    }
    await product.untilReady();
    await eventually(async () => expect((await check()).ills).toEqual([]));
  }

  beforeAll(async () => {
    namespace = await cluster().namespace('shop');
    // Before its configurations, as the server has to be.
    product = await cluster().startAnother('installed', {
      command: 'serve',
      flags: ['--certificates', 'secret', '--service-namespace', productNamespace],
    });
    const functions = modes.map((mode) => {
      const annotations = modeAnnotations(mode);
      return functionObject(version, { name: `in-${mode}`, annotations, hasOutput: true });
    });
    await cluster().kubectl.run(['apply', '-n', namespace, '-f', '-'], functions);
    await mend();
  });

  afterAll(async () => {
    await product?.stop();
  });

  it('finds everything well, says so in green, and exits with 0', async () => {
    const { code, ills, message } = await check();
    expect([code, ills]).toEqual([0, []]);
    expect(message('deployment')).toMatch(/^2 of 2 pods available \(openfunction-dapr-webhook:/);
    expect(message('certificate')).toMatch(/^for (29|30) days more, until \d{4}-/);
    expect(message('ca-bundle')).toBe('4 of 4 webhooks');
    expect(message('configuration-order')).toBe(
      'baas.openfunction.io comes before dapr-sidecar-injector',
    );
    expect(message('dapr')).toBe('Dapr 1.15.4 in namespace default');
    expect(message('openfunction')).toContain('OpenFunction 1.2.0 in namespace default');
  });

  const scale = (where: string, which: string): Promise<string> =>
    run('scale', 'deployment', which, '-n', where, '--replicas=0');

  const anotherCa = async (): Promise<string> => {
    const folder = join(cluster().folder, 'another-ca');
    await ensureLocalCertificates(folder, new Date());
    return (await readFile(join(folder, 'ca.crt'))).toString('base64');
  };

  const breakages: readonly Breakage[] = [
    [
      'nobody is there',
      async () => {
        await product.stop();
        await scale(productNamespace, name);
        await run('delete', 'endpointslice', name, '-n', productNamespace);
      },
      ['error deployment', 'error service', ...dryRuns],
      ['deployment', 'it is scaled to zero'],
    ],
    [
      'its pods are not ready',
      () => setPodsReady(cluster().kubectl, productNamespace, name, false),
      ['error deployment'],
      ['deployment', '0 of 2 pods available'],
    ],
    [
      // Connections that are open go on: nothing else is wrong yet.
      'its Service has another port than the one that is called',
      () => patch(`service/${name}`, 'merge', { spec: { ports: [{ name: 'other', port: 1 }] } }),
      ['error service'],
      ['service', 'at which API servers call it'],
    ],
    [
      'the Secret of its certificate is damaged',
      () => patch(`secret/${secretName}`, 'merge', { data: { 'tls.crt': 'eA==' } }),
      ['error certificate'],
      ['certificate', `Secret ${secretName} in namespace ${productNamespace} has no certificate`],
    ],
    [
      'caBundle is that of another CA, and nobody puts it back',
      async () => {
        await product.stop();
        const value = await anotherCa();
        await patch(mutating, 'json', [
          { op: 'replace', path: '/webhooks/0/clientConfig/caBundle', value },
        ]);
      },
      ['error ca-bundle', ...dryRuns],
      ['ca-bundle', 'it does not trust the serving certificate in functions.mutate.'],
    ],
    [
      'the mutating configuration is gone',
      () => run('delete', mutating),
      ['error mutating-configuration', 'error dry-run-function', ...podRuns],
      ['mutating-configuration', 'there is none, so that API servers call nobody'],
    ],
    [
      'a webhook is called at another path',
      () =>
        patch(validating, 'json', [
          { op: 'replace', path: '/webhooks/0/clientConfig/service/path', value: '/validate' },
        ]),
      ['error webhook-target', 'error dry-run-invalid-function'],
      ['webhook-target', 'is called at /validate instead of /validate/functions'],
    ],
    [
      "its configuration comes after Dapr's",
      async () => {
        const { kubectl } = cluster();
        const own = await kubectl.get('mutatingwebhookconfiguration', configurationName, 'default');
        await run('delete', mutating);
        await kubectl.run(['create', '-f', '-'], [{ ...own, metadata: { name: 'webhook' } }]);
      },
      ['warning mutating-configuration', 'warning configuration-order'],
      ['configuration-order', 'dapr-sidecar-injector comes before webhook'],
    ],
    [
      'a selector was narrowed',
      () =>
        patch(mutating, 'json', [
          { op: 'add', path: '/webhooks/1/namespaceSelector/matchLabels', value: { baas: 'yes' } },
        ]),
      ['error selection-function-pods-mutate', ...podRuns],
      [
        'selection-function-pods-mutate',
        'its namespaceSelector misses namespaces with Functions: shop-',
      ],
    ],
    [
      'its ServiceAccount lost the rights of the controller',
      () => run('delete', 'clusterrolebinding', `${name}-controller`),
      ['error rights-controller'],
      ['rights-controller', 'it lacks get, list, watch, create, patch, delete deployments.apps'],
    ],
    [
      'its ServiceAccount lost the right to its Secret',
      () => run('delete', 'rolebinding', secretName, '-n', productNamespace),
      ['error rights-certificates'],
      // It may list all Secrets here, for API tokens.
      ['rights-certificates', `it lacks get, update secrets "${secretName}"`],
    ],
    [
      "Dapr's injector is down",
      () => scale(platformNamespace, injectorName),
      ['error dapr'],
      ['dapr', 'Dapr 1.15.4 in namespace default, but no pod of its injector is available'],
    ],
    [
      "Dapr's injector is not registered",
      () => run('delete', 'mutatingwebhookconfiguration', injectorName),
      ['error configuration-order'],
      ['configuration-order', "Dapr's injector is not registered"],
    ],
    [
      'OpenFunction is gone',
      () => run('delete', 'deployment', openFunctionName, '-n', platformNamespace),
      ['warning openfunction'],
      ['openfunction', `there is no Deployment ${openFunctionName}`],
    ],
    [
      'a proxy is not ready',
      () => setPodsReady(cluster().kubectl, namespace, proxyName, false),
      ['error proxies-ready'],
      ['proxies-ready', `/${proxyName}`],
    ],
    [
      'the process has died, and a function pod was made meanwhile',
      async () => {
        await product.kill();
        const missed = podOf('in-sidecar', { name: 'missed' });
        await cluster().kubectl.run(['create', '-n', namespace, '-f', '-'], [missed]);
      },
      [...dryRuns, 'warning pods-admitted'],
      ['pods-admitted', '/missed'],
    ],
  ];

  describe('finds that', () => {
    afterEach(async () => {
      await run('delete', 'mutatingwebhookconfiguration', 'webhook', '--ignore-not-found');
      await run('delete', 'pod', 'missed', '-n', namespace, '--ignore-not-found', '--now');
      const secret = await cluster().kubectl.get('secret', secretName, productNamespace);
      const isDamaged = at(secret, 'data', 'tls.crt') === 'eA==';
      if (isDamaged) await run('delete', 'secret', secretName, '-n', productNamespace);
      await mend();
    });

    it.each(breakages)('%s', async (_what, harm, ills, [id, message]) => {
      await harm();
      // API servers and controllers hear of it a moment later.
      const checked = await eventually(async () => {
        const found = await check();
        expect(found.ills).toEqual(ills);
        return found;
      });
      expect(checked.message(id)).toContain(message);
      expect(checked.code).toBe(ills.some((ill) => ill.startsWith('error')) ? 1 : 3);
    });
  });
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { certificateFiles } from '../../../src/adapters/tls/certificate-pair.ts';
import { ensureLocalCertificates } from '../../../src/adapters/tls/local-certificates.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import type { FunctionVersion } from '../../../src/api/keys.ts';
import { makeFolder, removeFolder } from '../../support/temporary-folder.ts';
import type { Cluster } from '../harness/cluster.ts';
import { daprAndOpenFunction } from '../harness/dapr-and-openfunction.ts';
import { eventually } from '../harness/eventually.ts';
import { functionObject, modeAnnotations, podOf } from '../harness/fixtures.ts';
import { type Checked, runCheck } from '../harness/run-check.ts';
import { accountKubeconfig, grantRights, productNamespace } from '../harness/service-accounts.ts';
import { webhookConfigurations } from '../harness/webhook-configurations.ts';

/** What is never well on a control plane whose product runs beside it, and whose pods never run. */
const usual = [
  'warning webhook-target',
  'error dapr',
  'warning openfunction',
  'error proxies-ready',
];

/** What nobody answers. */
const dryRuns = [
  'error dry-run-function',
  'error dry-run-invalid-function',
  'error dry-run-pod-standalone',
  'error dry-run-pod-sidecar',
  'error dry-run-pod-disabled',
];

/** What `check` says of a real API server, with the product registered in it. */
export function checkSuite(cluster: () => Cluster, version: FunctionVersion): void {
  let namespace: string;

  beforeAll(async () => {
    namespace = await cluster().namespace('checked');
    await cluster().kubectl.run(['apply', '-f', '-'], daprAndOpenFunction(0));
    const functions = (['standalone', 'sidecar', 'disabled'] as const).map((mode) =>
      functionObject(version, { name: mode, annotations: modeAnnotations(mode), hasOutput: true }),
    );
    await cluster().kubectl.run(['apply', '-n', namespace, '-f', '-'], functions);
    await cluster().kubectl.run([
      ...['wait', '--for=create', 'deployment/standalone-dapr-proxy', '-n', namespace],
      '--timeout=60s',
    ]);
  });

  afterEach(async () => {
    await grantRights(cluster().kubectl);
    await cluster().product.ensureRunning();
    await cluster().register('Ignore');
  });

  afterAll(async () => {
    await cluster().deleteFunctions();
    const titles = ['mutatingwebhookconfiguration', 'dapr-sidecar-injector'];
    await cluster().kubectl.run(['delete', ...titles]);
  });

  const check = (kubeconfig = cluster().plane.adminKubeconfig): Promise<Checked> =>
    runCheck(kubeconfig);

  /** What is not well beside what never is. */
  async function news(): Promise<string[]> {
    return (await check()).ills.filter((ill) => !usual.includes(ill));
  }

  async function stored(): Promise<string> {
    const what = 'functions,pods,deployments,services,secrets,leases';
    const fields = 'custom-columns=KIND:.kind,NAME:.metadata.name,GENERATION:.metadata.generation';
    return cluster().kubectl.run(['get', what, '--all-namespaces', '-o', fields, '--no-headers']);
  }

  it('finds an installation well but for what a bare control plane lacks, and stores nothing', async () => {
    const before = await stored();
    const { code, ills, message } = await check();
    expect(ills).toEqual(usual);
    expect(code).toBe(1);
    expect(await stored()).toBe(before);
    expect(message('api-server')).toMatch(/^Kubernetes v1\.\d+/);
    expect(message('functions-served')).toBe(`as ${version}`);
    expect(message('ca-bundle')).toBe('a dry run got through by it');
    expect(message('dry-run-function')).toBe('dry runs in namespace default came back with them');
    expect(message('dry-run-invalid-function')).toBe('a dry run in namespace default was');
    for (const mode of ['standalone', 'sidecar', 'disabled']) {
      expect(message(`dry-run-pod-${mode}`)).toContain(
        `a dry run for Function ${mode} in namespace ${namespace}`,
      );
    }
    expect(message('webhook-target')).toContain('the webhook is called at https://127.0.0.1:');
    expect(message('dapr')).toContain('Dapr 1.15.4 in namespace default, but no pod');
    expect(message('openfunction')).toContain(
      'OpenFunction 1.2.0 in namespace default, but no pod',
    );
    expect(message('proxies-present')).toBe('1 Function');
    expect(message('proxies-ready')).toContain(`${namespace}/standalone-dapr-proxy`);
    expect(message('rights-controller')).toMatch(/^(\d+) of \1 rights$/);
  });

  it('finds that API servers do not trust what is served, with their own words where they may not pass by', async () => {
    const folder = await makeFolder();
    try {
      await ensureLocalCertificates(folder, new Date());
      const ca = await readFile(join(folder, certificateFiles.ca), 'utf8');
      const { port } = cluster().product;
      for (const failurePolicy of ['Ignore', 'Fail'] as const) {
        const objects = webhookConfigurations({ port, ca, failurePolicy });
        await apply(objects);
        await eventually(async () => {
          const { ills, message } = await check();
          expect(ills).toEqual([
            'warning certificate',
            'warning ca-bundle',
            'warning webhook-target',
            'error dapr',
            'warning openfunction',
            ...dryRuns,
            'error proxies-ready',
          ]);
          expect(message('dry-run-function')).toContain(
            failurePolicy === 'Fail' ? 'certificate signed by unknown authority' : 'not reached',
          );
        });
      }
    } finally {
      await removeFolder(folder);
    }
  });

  it('finds that nobody answers', async () => {
    await cluster().product.stop();
    expect(await news()).toEqual(['warning certificate', 'warning ca-bundle', ...dryRuns]);
  });

  it('finds a selector that somebody narrowed', async () => {
    const { port, ca } = cluster().product;
    const objects = webhookConfigurations({ port, ca });
    const narrowed = objects.map((object) => ({
      ...object,
      webhooks: (object['webhooks'] as JsonObject[]).map((webhook) =>
        String(webhook['name']).startsWith('function-pods.')
          ? { ...webhook, namespaceSelector: { matchLabels: { baas: 'yes' } } }
          : webhook,
      ),
    }));
    await apply(narrowed);
    await eventually(async () => {
      const { message } = await check();
      expect(await news()).toEqual([
        'error selection-function-pods-mutate',
        'error dry-run-pod-standalone',
        'error dry-run-pod-sidecar',
        'error dry-run-pod-disabled',
      ]);
      expect(message('selection-function-pods-mutate')).toBe(
        `its namespaceSelector misses namespaces with Functions: ${namespace}`,
      );
    });
  });

  it('finds the configurations missing', async () => {
    await cluster().unregister();
    expect((await check()).ills).toEqual([
      'error deployment',
      'error service',
      'warning certificate',
      'error mutating-configuration',
      'error validating-configuration',
      'error dapr',
      'warning openfunction',
      ...dryRuns,
      'error proxies-ready',
    ]);
  });

  it('finds rights that the ServiceAccount lost', async () => {
    const binding = 'openfunction-dapr-webhook-controller';
    await cluster().kubectl.run(['delete', 'clusterrolebinding', binding]);
    await eventually(async () => {
      const { message } = await check();
      expect(message('rights-controller')).toContain(
        'it lacks get, list, watch, create, patch, delete deployments.apps in all namespaces; ',
      );
      expect(message('rights-admission')).toMatch(/^(\d+) of \1 rights$/);
    });
  });

  it('finds a Pod that was missed', async () => {
    await cluster().withoutWebhook(async () => {
      const pod = podOf('standalone', { name: 'missed' });
      await cluster().kubectl.run(['create', '-n', namespace, '-f', '-'], [pod]);
    });
    const { message } = await check();
    expect(message('pods-admitted')).toBe(`1 was not of 1: ${namespace}/missed`);
    await cluster().kubectl.run(['delete', 'pod', 'missed', '-n', namespace, '--now']);
  });

  it('makes warnings, and exits with 3, for somebody who may do nothing', async () => {
    const { kubectl, plane } = cluster();
    await kubectl.run(['create', 'serviceaccount', 'nobody', '-n', productNamespace]);
    const { code, findings } = await check(await accountKubeconfig(kubectl, plane, 'nobody'));
    await kubectl.run(['delete', 'serviceaccount', 'nobody', '-n', productNamespace]);
    const worse = findings.filter(({ level }) => level === 'error');
    expect(worse).toEqual([]);
    expect(code).toBe(3);
    const lacking = findings.filter(({ message }) => message.includes('you lack the right to'));
    expect(lacking.length).toBeGreaterThan(20);
  });

  it('is one error when the API server is away', async () => {
    await cluster().plane.stopApiServer();
    try {
      const { code, ills, message } = await check();
      expect(ills).toEqual(['error api-server']);
      expect(code).toBe(1);
      expect(message('api-server')).toContain('ECONNREFUSED');
    } finally {
      await cluster().plane.startApiServer();
      await cluster().product.untilReady();
    }
  });

  async function apply(objects: readonly JsonObject[]): Promise<void> {
    await cluster().kubectl.run(
      ['apply', '--server-side', '--force-conflicts', '-f', '-'],
      objects,
    );
  }
}

import { afterEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../../src/api/json.ts';
import { eventually } from '../../harness/eventually.ts';
import { type ChartWorld, releaseName } from './chart-world.ts';

/** No pod runs here, so that nobody ever answers; the shortest time is long enough to wait for that. */
const timeoutSeconds = 1;

const bothFail = { 'failurePolicy.pods': 'Fail', 'failurePolicy.functions': 'Fail' };

/** What can be deleted before `helm uninstall`, by somebody in a hurry or by accident. */
const before: readonly [what: string, args: readonly string[]][] = [
  ['nothing else', []],
  ['the Service', ['service', releaseName, '-n', releaseName]],
  ['the Deployment', ['deployment', releaseName, '-n', releaseName]],
  ['the ServiceAccount', ['serviceaccount', releaseName, '-n', releaseName]],
  ['all rights', ['clusterrolebinding', '-l', `app.kubernetes.io/name=${releaseName}`]],
  ['the webhook configurations', ['mutatingwebhookconfiguration', 'baas.openfunction.io']],
];

/** The real Helm, before and after the product is there, and while nobody answers. */
export function helmSuite(world: () => ChartWorld): void {
  afterEach(async () => {
    await world().clean();
  });

  describe('helm install', () => {
    it('installs, upgrades without wiping a caBundle, and rolls the pods for other settings', async () => {
      await world().install();
      await world().setCaBundles('QQ==');
      const template = async () => {
        const deployment = await world().kubectl.get('deployment', releaseName, releaseName);
        return (deployment['spec'] as JsonObject)['template'];
      };
      const first = await template();
      await world().upgrade({ replicas: 3 });
      expect(await world().caBundles()).toEqual(['QQ==']);
      expect(await template()).toEqual(first);
      await world().upgrade({ 'settings.proxy-replicas': 2 });
      expect(await template()).not.toEqual(first);
    });

    it('says what happens to function pods meanwhile, and how to end that', async () => {
      const notes = await world().install(bothFail);
      expect(notes).toContain(
        'kubectl delete mutatingwebhookconfiguration,validatingwebhookconfiguration baas.openfunction.io',
      );
    });
  });

  describe.each(['Ignore', 'Fail'])('while nobody answers, with failurePolicy %s', (policy) => {
    it('only function pods and Functions are affected, and they as the policy says', async () => {
      await world().install({
        timeoutSeconds,
        'failurePolicy.pods': policy,
        'failurePolicy.functions': policy,
      });
      await world().expectOthersUnaffected();
      // Nor is our own namespace: the ReplicaSet can make its pods, and whatever else we need.
      expect(await world().createFunctionPod(releaseName)).toMatchObject({ code: 0 });
      await world().kubectl.run([
        ...['wait', '--for=create', 'pod', '-n', releaseName, '--timeout=60s'],
        ...['-l', `app.kubernetes.io/name=${releaseName}`],
      ]);
      const code = policy === 'Ignore' ? 0 : 1;
      expect(await world().createFunctionPod()).toMatchObject({ code });
      expect(await world().createFunction()).toMatchObject({ code });
      await world().kubectl.run(['delete', 'pods', '--all', '-n', releaseName]);
      await world().kubectl.run([
        ...['wait', '--for=create', 'pod', '-n', releaseName, '--timeout=60s'],
        ...['-l', `app.kubernetes.io/name=${releaseName}`],
      ]);
    });
  });

  describe('an API server that called in vain', () => {
    /** Samples of the metrics that alerts and dashboard ask for, of the webhook of Pods. */
    async function samples(metric: string, ...labels: string[]): Promise<string[]> {
      const text = await world().kubectl.run(['get', '--raw', '/metrics']);
      const wanted = ['name="function-pods.mutate.baas.openfunction.io"', ...labels];
      return text
        .split('\n')
        .filter((line) => line.startsWith(`${metric}{`))
        .filter((line) => wanted.every((label) => line.includes(label)));
    }

    it('counts it where the alerts look', async () => {
      await world().install({ timeoutSeconds });
      await world().createFunctionPod();
      expect(await samples('apiserver_admission_webhook_fail_open_count')).toHaveLength(1);
      expect(
        (await samples('apiserver_admission_webhook_admission_duration_seconds_bucket')).length,
      ).toBeGreaterThan(1);
      await world().upgrade({ timeoutSeconds, ...bothFail });
      await eventually(async () => {
        expect(await world().createFunctionPod()).toMatchObject({ code: 1 });
      });
      expect(
        await samples(
          'apiserver_admission_webhook_rejection_count',
          'error_type="calling_webhook_error"',
        ),
      ).toHaveLength(1);
    });
  });

  describe('helm uninstall', () => {
    it.each(before)('after %s leaves no webhook, and nobody is affected', async (_what, args) => {
      await world().install({ timeoutSeconds, ...bothFail });
      if (args.length > 0) await world().kubectl.run(['delete', ...args]);
      await world().uninstall();
      expect(await world().configurations()).toEqual([]);
      await world().expectFunctionsUnaffected();
    });

    it('deletes webhook configurations before the Service that they call', async () => {
      await world().install({ timeoutSeconds, ...bothFail });
      const startedAtMs = Date.now();
      await world().uninstall();
      const deleted = (await world().plane.auditLog.writes({ afterMs: startedAtMs - 1 }))
        .filter(({ verb }) => verb === 'delete')
        .map(({ resource }) => resource);
      const first = (resource: string) => deleted.indexOf(resource);
      expect(first('mutatingwebhookconfigurations')).toBeGreaterThanOrEqual(0);
      expect(first('validatingwebhookconfigurations')).toBeGreaterThanOrEqual(0);
      const last = Math.max(
        deleted.lastIndexOf('mutatingwebhookconfigurations'),
        deleted.lastIndexOf('validatingwebhookconfigurations'),
      );
      expect(last).toBeLessThan(first('services'));
      expect(first('services')).toBeLessThan(first('deployments'));
    });
  });
}

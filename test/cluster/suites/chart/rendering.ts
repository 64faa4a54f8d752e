import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { at, type JsonObject } from '../../../../src/api/json.ts';
import { runHelm } from '../../../manifests/render/helm.ts';
import {
  chartFolder,
  objectsIn,
  RenderError,
  type RenderOptions,
  renderChart,
} from '../../../manifests/render/render-chart.ts';
import { titleOf } from '../../../support/install-manifest.ts';
import { listAt, objectAt, pick, textAt } from '../../../support/json.ts';
import { readDocument } from '../../../support/source-tree.ts';

const name = 'openfunction-dapr-webhook';

/** What the chart makes of values, by the pinned Helm. */
export function renderingSuite(helm: () => string): void {
  const render = async (options: RenderOptions = {}): Promise<JsonObject[]> =>
    objectsIn(await renderChart(helm(), options));

  /** The only object of a kind. */
  async function only(kind: string, options: RenderOptions = {}): Promise<JsonObject> {
    const [one, ...others] = (await render(options)).filter((object) => object['kind'] === kind);
    if (one === undefined || others.length > 0) throw new Error(`not one ${kind}`);
    return one;
  }

  const titles = async (options: RenderOptions = {}): Promise<string[]> =>
    (await render(options)).map(titleOf);

  const webhooksOf = async (options: RenderOptions): Promise<JsonObject[]> =>
    (await render(options)).flatMap((object) => listAt(object, 'webhooks'));

  const settingsOf = async (values: Record<string, unknown>): Promise<JsonObject> =>
    parse(textAt(await only('ConfigMap', { values }), 'data', 'settings.yaml')) as JsonObject;

  describe('the chart', () => {
    it('has nothing that a linter complains of', async () => {
      const { exitCode, stdout, stderr } = await runHelm(['lint', '--strict', chartFolder], {
        helm: helm(),
      });
      expect(`${stdout}${stderr}`).not.toMatch(/WARNING|ERROR/);
      expect(exitCode).toBe(0);
    });

    it('is refused on a Kubernetes that is too old', async () => {
      await expect(render({ kubeVersion: '1.21.5' })).rejects.toThrow(/kubeVersion/);
    });

    it.each([
      ['1.22.0', { conditions: false, evictsBroken: false, sleeps: false }],
      ['1.27.3', { conditions: false, evictsBroken: true, sleeps: false }],
      ['1.28.0', { conditions: true, evictsBroken: true, sleeps: false }],
      ['1.30.4-gke.1200', { conditions: true, evictsBroken: true, sleeps: true }],
    ])('asks a Kubernetes %s for what it has', async (kubeVersion, expected) => {
      const webhooks = await webhooksOf({ kubeVersion });
      const budget = await only('PodDisruptionBudget', { kubeVersion });
      const deployment = await only('Deployment', { kubeVersion });
      const preStop = objectAt(
        deployment,
        ...['spec', 'template', 'spec', 'containers', 0, 'lifecycle', 'preStop'],
      );
      expect(webhooks).toHaveLength(4);
      expect({
        conditions: webhooks.every((webhook) => webhook['matchConditions'] !== undefined),
        evictsBroken: at(budget, 'spec', 'unhealthyPodEvictionPolicy') === 'AlwaysAllow',
        sleeps: preStop['sleep'] !== undefined,
      }).toEqual(expected);
      if (!expected.conditions) {
        expect(webhooks.filter((webhook) => 'matchConditions' in webhook)).toEqual([]);
      }
      if (!expected.sleeps) {
        expect(preStop).toEqual({
          exec: { command: ['node', '-e', 'setTimeout(() => {}, 10000)'] },
        });
      }
    });

    it.each<[string, Record<string, unknown>, RegExp]>([
      ['a value of another name', { replica: 3 }, /replica/],
      ['a value of another type', { replicas: 'two' }, /replicas/],
      ['a setting of another name', { 'settings.proxy-replica': 2 }, /proxy-replica/],
      ['tokens that are denied and asked for', { 'settings.api-tokens': true }, /apiTokens/],
      ['one port for two', { 'ports.health': 9443 }, /same port/],
      ['a value that is taken away', { 'failurePolicy.pods': null }, /failurePolicy.*'pods'/],
      [
        'a label that would lead the Service elsewhere',
        { podLabels: { 'app.kubernetes.io/component': 'other' } },
        /podLabels: app\.kubernetes\.io\/component/,
      ],
      [
        'an annotation that would keep pods from being rolled',
        { podAnnotations: { 'checksum/settings': 'none' } },
        /podAnnotations: checksum\/settings/,
      ],
    ])('refuses %s', async (_what, values, reason) => {
      const refused = await render({ values }).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(RenderError);
      expect(String(refused)).toMatch(reason);
    });
  });

  describe('values', () => {
    it('are the same on the command line and in a file', async () => {
      const set = [
        ...['replicas=3', 'timeoutSeconds=2', 'ports.admission=10250', 'shutdown.delaySeconds=20'],
        ...['priorityClass.value=1000', 'settings.shutdown-timeout=7', 'apiTokens=allowed'],
        'settings.api-tokens=true',
      ];
      const values = {
        ...{ replicas: 3, timeoutSeconds: 2, 'ports.admission': 10250 },
        ...{ 'shutdown.delaySeconds': 20, 'priorityClass.value': 1000 },
        ...{ 'settings.shutdown-timeout': 7, apiTokens: 'allowed', 'settings.api-tokens': true },
      };
      expect(await render({ set })).toEqual(await render({ values }));
    });

    it('decide the failure policies, each of its own webhooks', async () => {
      const webhooks = await webhooksOf({
        values: { 'failurePolicy.pods': 'Fail', timeoutSeconds: 3 },
      });
      expect(webhooks.map(({ name: webhook, failurePolicy }) => [webhook, failurePolicy])).toEqual([
        ['functions.mutate.baas.openfunction.io', 'Ignore'],
        ['function-pods.mutate.baas.openfunction.io', 'Fail'],
        ['serving-pods.mutate.baas.openfunction.io', 'Fail'],
        ['functions.validate.baas.openfunction.io', 'Ignore'],
      ]);
      for (const webhook of webhooks) expect(webhook['timeoutSeconds']).toBe(3);
    });

    it('decide which namespaces are left alone, by API servers and by the process alike', async () => {
      const values = { excludedNamespaces: ['vault'] };
      const expected = ['vault', 'kube-system', name];
      for (const webhook of await webhooksOf({ values })) {
        const expression = objectAt(webhook, 'namespaceSelector', 'matchExpressions', 0);
        expect(expression['values']).toEqual(expected);
      }
      expect(await settingsOf(values)).toMatchObject({ 'excluded-namespaces': expected });
    });

    it('become settings, and other settings other pods', async () => {
      const settings = {
        'proxy-replicas': 2,
        'proxy-cpu-limit': '0.5',
        'proxy-node-selector': { 'kubernetes.io/arch': 'amd64' },
      };
      expect(await settingsOf({ settings })).toMatchObject(settings);
      const before = await only('Deployment');
      const after = await only('Deployment', { values: { settings } });
      const checksum = (deployment: JsonObject) =>
        pick(deployment, 'spec', 'template', 'metadata', 'annotations', 'checksum/settings');
      expect(checksum(after)).not.toBe(checksum(before));
    });

    it.each([
      [0, 15],
      [2.5, 18],
      [45, 60],
    ])('give requests in flight %s s before the kubelet kills', async (timeout, grace) => {
      const values = { 'settings.shutdown-timeout': timeout };
      const pod = objectAt(await only('Deployment', { values }), 'spec', 'template', 'spec');
      expect(pod['terminationGracePeriodSeconds']).toBe(grace);
    });

    it('name the image of the webhook and of its proxies', async () => {
      const digest = `sha256:${'ab'.repeat(32)}`;
      const values = {
        'image.repository': 'registry.example.com/webhook',
        'image.digest': digest,
        'image.pullSecrets': ['registry'],
      };
      const pod = objectAt(await only('Deployment', { values }), 'spec', 'template', 'spec');
      const image = `registry.example.com/webhook@${digest}`;
      expect(pick(pod, 'containers', 0, 'image')).toBe(image);
      expect(pod['imagePullSecrets']).toEqual([{ name: 'registry' }]);
      expect(await settingsOf(values)).toMatchObject({ 'proxy-image': image });
      const others = { ...values, 'settings.proxy-image': 'example.com/proxy:v2' };
      expect(await settingsOf(others)).toMatchObject({ 'proxy-image': 'example.com/proxy:v2' });
    });

    it('bind the rights that they ask for, and no others', async () => {
      const bound = async (values: Record<string, unknown>) =>
        (await titles({ values })).filter((title) => title.startsWith('ClusterRoleBinding/'));
      const always = ['', '-controller'].map((end) => `ClusterRoleBinding/${name}${end}`);
      expect((await bound({})).toSorted()).toEqual(always);
      expect(await bound({ apiTokens: 'allowed' })).toContain(`ClusterRoleBinding/${name}-tokens`);
      expect(await bound({ 'settings.repair-missed-pods': true })).toContain(
        `ClusterRoleBinding/${name}-repair`,
      );
    });

    it('put the pods on the network of their nodes', async () => {
      const values = { hostNetwork: true, 'ports.admission': 10250, 'namespace.create': true };
      const deployment = await only('Deployment', { values });
      const pod = objectAt(deployment, 'spec', 'template', 'spec');
      expect(pod).toMatchObject({ hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' });
      expect(pick(pod, 'containers', 0, 'ports', 0, 'containerPort')).toBe(10250);
      expect(pick(deployment, 'spec', 'strategy', 'rollingUpdate', 'maxSurge')).toBe(0);
      expect(await titles({ values })).not.toContain(`NetworkPolicy/${name}`);
      expect(await settingsOf(values)).toMatchObject({ port: 10250 });
      const labels = objectAt(await only('Namespace', { values }), 'metadata', 'labels');
      expect(Object.keys(labels).join()).not.toContain('pod-security');
    });

    it('leave certificates to cert-manager', async () => {
      const values = { 'certificates.source': 'cert-manager' };
      const objects = await render({ values });
      expect(objects.map(titleOf).filter((title) => /^(Issuer|Certificate)/.test(title))).toEqual([
        `Certificate/${name}-ca`,
        `Certificate/${name}`,
        `Issuer/${name}-self-signed`,
        `Issuer/${name}`,
      ]);
      const serving = objects.find((object) => titleOf(object) === `Certificate/${name}`);
      expect(pick(serving, 'spec', 'dnsNames')).toContain(`${name}.${name}.svc`);
      for (const kind of ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration']) {
        const annotations = objectAt(await only(kind, { values }), 'metadata', 'annotations');
        expect(annotations['cert-manager.io/inject-ca-from']).toBe(`${name}/${name}`);
      }
      const pod = objectAt(await only('Deployment', { values }), 'spec', 'template', 'spec');
      const secretName = pick(serving, 'spec', 'secretName');
      expect(listAt(pod, 'volumes')).toContainEqual({
        name: 'certificates',
        secret: { secretName },
      });
      const settings = await settingsOf(values);
      expect(settings['certificates']).toBe('files');
      const mounts = listAt(pod, 'containers', 0, 'volumeMounts');
      expect(mounts.map(({ mountPath }) => mountPath)).toContain(settings['cert-dir']);
      // Then neither the Secret nor caBundle is ours to write.
      const rules = objects.flatMap((object) => listAt(object, 'rules'));
      const about = (resource: string) =>
        rules.filter(({ resources }) => JSON.stringify(resources).includes(resource));
      expect(about('webhookconfigurations').map(({ verbs }) => verbs)).toEqual([
        ['get', 'list', 'watch'],
      ]);
      expect(about('"secrets"').map(({ verbs }) => verbs)).toEqual([
        ['list', 'watch', 'create', 'delete'],
      ]);
      expect(objects.map(titleOf)).not.toContain(`ClusterRoleBinding/${name}-tokens`);
    });

    it('leave them to an issuer that there is', async () => {
      const issuerRef = { name: 'company-ca', kind: 'ClusterIssuer' };
      const values = {
        'certificates.source': 'cert-manager',
        'certificates.certManager.issuerRef': issuerRef,
      };
      const certificate = await only('Certificate', { values });
      expect(pick(certificate, 'spec', 'issuerRef')).toEqual(issuerRef);
      expect((await titles({ values })).join()).not.toContain('Issuer/');
    });

    it('hand Prometheus and Grafana what they read', async () => {
      const values = {
        'metrics.serviceMonitor.enabled': true,
        // One that the chart has itself, with another value: an object has each label once.
        'metrics.serviceMonitor.labels': {
          release: 'prometheus',
          'app.kubernetes.io/part-of': 'shop',
        },
        'metrics.prometheusRule.enabled': true,
        'metrics.prometheusRule.alertLabels': { team: 'platform' },
        'metrics.dashboard.enabled': true,
      };
      const monitor = await only('ServiceMonitor', { values });
      expect(pick(monitor, 'metadata', 'labels')).toMatchObject({
        ...{ 'app.kubernetes.io/name': name, release: 'prometheus' },
        'app.kubernetes.io/part-of': 'shop',
      });
      const service = await only('Service');
      const selector = objectAt(monitor, 'spec', 'selector', 'matchLabels');
      expect(objectAt(service, 'metadata', 'labels')).toMatchObject(selector);
      expect(listAt(service, 'spec', 'ports').map(({ name: port }) => port)).toContain(
        pick(monitor, 'spec', 'endpoints', 0, 'port'),
      );
      const rules = listAt(await only('PrometheusRule', { values }), 'spec', 'groups', 0, 'rules');
      const { alerts } = parse(readDocument('manifests/chart/alerts.yaml'));
      expect(rules).toEqual(
        alerts.map(({ alert, expr, for: time, severity, summary, runbook }: JsonObject) => ({
          alert,
          expr,
          for: time,
          labels: { severity, team: 'platform' },
          annotations: { summary, runbook: String(runbook).trim() },
        })),
      );
      const maps = (await render({ values })).filter(({ kind }) => kind === 'ConfigMap');
      const dashboard = maps.find((object) => titleOf(object).endsWith('-dashboard'));
      expect(pick(dashboard, 'metadata', 'labels', 'grafana_dashboard')).toBe('1');
      expect(JSON.parse(textAt(dashboard, 'data', `${name}.json`))).toEqual(
        JSON.parse(readDocument(`manifests/chart/dashboards/${name}.json`)),
      );
    });

    it('keep proxies, or remove them at the end of an uninstall with just the rights for it', async () => {
      const hooksOf = async (values: Record<string, unknown>) =>
        (await render({ values })).filter((object) => hookOf(object) !== undefined);
      expect(await hooksOf({})).toEqual([]);
      const hooks = await hooksOf({ 'uninstall.proxies': 'delete' });
      expect(hooks.map(titleOf).toSorted()).toEqual(
        ['ClusterRole', 'ClusterRoleBinding', 'Job', 'ServiceAccount'].map(
          (kind) => `${kind}/${name}-remove-proxies`,
        ),
      );
      for (const hook of hooks) expect(hookOf(hook)).toBe('post-delete');
      const granted = (objects: JsonObject[]) =>
        objects.flatMap((object) =>
          listAt(object, 'rules').map(({ resources, verbs }) => [resources, verbs]),
        );
      const verbs = ['list', 'delete'];
      expect(granted(hooks)).toEqual([
        [['deployments'], verbs],
        [['services'], verbs],
        [['networkpolicies'], verbs],
        [['components'], verbs],
      ]);
      const withTokens = await hooksOf({ 'uninstall.proxies': 'delete', apiTokens: 'allowed' });
      expect(granted(withTokens)).toContainEqual([['services', 'secrets'], verbs]);
      const job = hooks.find(({ kind }) => kind === 'Job');
      expect(pick(job, 'spec', 'template', 'spec', 'containers', 0, 'args')).toEqual([
        'remove-proxies',
      ]);
      // Neither the Service nor the budget of the webhook takes its pod for one of theirs.
      const selector = objectAt(await only('Service'), 'spec', 'selector');
      const labels = objectAt(job, 'spec', 'template', 'metadata', 'labels');
      expect(labels).not.toMatchObject(selector);
    });

    it('take a priority class that there is', async () => {
      const values = { 'priorityClass.name': 'system-cluster-critical' };
      const pod = objectAt(await only('Deployment', { values }), 'spec', 'template', 'spec');
      expect(pod['priorityClassName']).toBe('system-cluster-critical');
      expect((await titles({ values })).join()).not.toContain('PriorityClass/');
    });
  });
}

function hookOf(object: JsonObject): unknown {
  return pick(object, 'metadata', 'annotations', 'helm.sh/hook');
}

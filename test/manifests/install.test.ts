import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { asList, at, type JsonObject, objectsOf } from '../../src/api/json.ts';
import * as keys from '../../src/api/keys.ts';
import { serveCommand } from '../../src/commands/serve.ts';
import { mustRead } from '../../src/rules/proxy/reading.ts';
import { parseSettings } from '../../src/settings/parse-settings.ts';
import { readSettingsFile } from '../../src/settings/read-settings-file.ts';
import { version } from '../../src/settings/version.ts';
import { functionInMode } from '../support/functions.ts';
import {
  installObject,
  installObjects,
  installObjectsOf,
  titleOf,
} from '../support/install-manifest.ts';
import { listAt, objectAt, pick, textAt } from '../support/json.ts';
import { admit, podOf } from '../support/pods.ts';
import { readDocument } from '../support/source-tree.ts';

const namespace = keys.projectName;

const configurations = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'].map(
  installObject,
);
const webhooks = configurations.flatMap((configuration) => listAt(configuration, 'webhooks'));
const [mutating] = configurations;
const podWebhooks = listAt(mutating, 'webhooks').filter((webhook) =>
  textAt(webhook, 'name').includes('-pods.'),
);
const functionWebhooks = webhooks.filter((webhook) =>
  textAt(webhook, 'name').startsWith('functions.'),
);
const deployment = installObject('Deployment');
const podSpec = objectAt(deployment, 'spec', 'template', 'spec');
const container = objectAt(podSpec, 'containers', 0);
const podLabels = objectAt(deployment, 'spec', 'template', 'metadata', 'labels');

/** Whether labels match a selector of labels alone. */
const selects = (matchLabels: JsonObject, labels: JsonObject): boolean =>
  Object.entries(matchLabels).every(([key, value]) => labels[key] === value);

describe('what is installed', () => {
  it('is everything, the webhook configurations at the end', () => {
    const titles = installObjects().map(titleOf);
    expect(new Set(titles).size).toBe(titles.length);
    expect(titles.filter((title) => !/Role/.test(title))).toEqual([
      `PriorityClass/${namespace}`,
      `Namespace/${namespace}`,
      `NetworkPolicy/${namespace}`,
      `PodDisruptionBudget/${namespace}`,
      `ServiceAccount/${namespace}`,
      `ConfigMap/${namespace}`,
      `Service/${namespace}`,
      `Deployment/${namespace}`,
      `MutatingWebhookConfiguration/${keys.webhookConfigurationName}`,
      `ValidatingWebhookConfiguration/${keys.webhookConfigurationName}`,
    ]);
  });

  it('is in one namespace, and labelled', () => {
    for (const object of installObjects()) {
      const where = at(object, 'metadata', 'namespace');
      if (where !== undefined) expect(where, titleOf(object)).toBe(namespace);
      expect(at(object, 'metadata', 'labels'), titleOf(object)).toMatchObject({
        'app.kubernetes.io/name': namespace,
        'app.kubernetes.io/version': version,
      });
    }
  });

  it('tells no key and no registry', () => {
    const text = readDocument('manifests/install.yaml');
    expect(text).not.toMatch(/kind: Secret\b|PRIVATE KEY|BEGIN CERTIFICATE/);
    expect(pick(container, 'image')).toBe(`${namespace}:${version}`);
  });
});

describe('the webhook configurations', () => {
  it('have the name that puts them before the one of Dapr', () => {
    for (const configuration of configurations) {
      expect(at(configuration, 'metadata', 'name')).toBe(keys.webhookConfigurationName);
    }
    expect(keys.webhookConfigurationName < 'dapr-sidecar-injector').toBe(true);
  });

  it('hold no caBundle, which whoever applies them again would wipe', () => {
    for (const { clientConfig } of webhooks) {
      expect(Object.keys(clientConfig as JsonObject)).toEqual(['service']);
    }
  });

  it('lead to the endpoints that there are, through the Service', () => {
    const service = installObject('Service');
    const ports = listAt(service, 'spec', 'ports').map(({ port }) => port);
    const server = readDocument('src/processes/webhook.ts');
    for (const webhook of webhooks) {
      const client = objectAt(webhook, 'clientConfig', 'service');
      expect(client).toMatchObject({ name: at(service, 'metadata', 'name'), namespace });
      expect(ports).toContain(client['port']);
      expect(server).toContain(`path: '${client['path']}'`);
    }
  });

  it('are called soon or not at all, and dry runs are like other requests', () => {
    for (const webhook of webhooks) {
      expect(webhook).toMatchObject({
        admissionReviewVersions: ['v1'],
        failurePolicy: 'Ignore',
        matchPolicy: 'Equivalent',
        sideEffects: 'None',
        timeoutSeconds: 5,
      });
    }
    for (const webhook of listAt(mutating, 'webhooks')) {
      expect(webhook).toMatchObject({ reinvocationPolicy: 'IfNeeded' });
    }
  });

  it('leave kube-system and our own namespace alone', () => {
    for (const webhook of webhooks) {
      const [expression] = listAt(webhook, 'namespaceSelector', 'matchExpressions');
      expect(expression).toMatchObject({ key: 'kubernetes.io/metadata.name', operator: 'NotIn' });
      expect(expression?.['values']).toEqual(expect.arrayContaining(['kube-system', namespace]));
    }
  });

  it('ask for new Pods and for Functions, of the versions that are understood, and never for their status', () => {
    for (const webhook of podWebhooks) {
      expect(webhook['rules']).toEqual([
        {
          apiGroups: [''],
          apiVersions: ['v1'],
          resources: ['pods'],
          operations: ['CREATE'],
          scope: 'Namespaced',
        },
      ]);
    }
    expect(functionWebhooks).toHaveLength(2);
    for (const webhook of functionWebhooks) {
      expect(webhook['rules']).toEqual([
        {
          apiGroups: [keys.functionGroup],
          apiVersions: [...keys.functionVersions].toSorted(),
          resources: ['functions'],
          operations: ['CREATE', 'UPDATE'],
          scope: 'Namespaced',
        },
      ]);
    }
  });

  it('see no Pod but those with a label of a function, no proxies, and none that is opted out', () => {
    const selectors = podWebhooks.map((webhook) =>
      listAt(webhook, 'objectSelector', 'matchExpressions'),
    );
    expect(selectors.map(([first]) => first)).toEqual([
      { key: keys.OpenFunctionLabel.function, operator: 'Exists' },
      { key: keys.OpenFunctionLabel.serving, operator: 'Exists' },
    ]);
    for (const [, ...others] of selectors) {
      expect(others).toEqual([
        { key: keys.OpenFunctionLabel.proxy, operator: 'DoesNotExist' },
        { key: keys.BaasLabel.proxy, operator: 'DoesNotExist' },
        { key: keys.BaasLabel.inject, operator: 'NotIn', values: ['disabled'] },
      ]);
    }
    // Whatever else fails: our pods are made without us.
    expect(Object.keys(podLabels).filter((key) => key.includes('openfunction.io/'))).toEqual([]);
  });

  it('take no Pod for done that lacks what admission in standalone mode gives it', () => {
    const { pod } = admit(podOf(), functionInMode('standalone'));
    const given = listAt(pod, 'spec', 'containers', 0, 'env').map(({ name }) => name);
    for (const webhook of podWebhooks) {
      const condition = listAt(webhook, 'matchConditions').find(({ name }) => name === 'not-done');
      const expression = textAt(condition, 'expression');
      const [, names = ''] = /\[([^\]]+)\]\.all\(/.exec(expression) ?? [];
      expect([...names.matchAll(/'(\w+)'/g)].map(([, name]) => name).toSorted()).toEqual(
        given.toSorted(),
      );
      for (const key of [
        keys.OpenFunctionLabel.function,
        keys.BaasLabel.mode,
        keys.DaprAnnotation.enabled,
        keys.daprPrefix,
        keys.daprdContainer,
      ]) {
        expect(expression).toContain(`'${key}'`);
      }
    }
  });

  it('see neither mirror pods nor Functions that are being deleted', () => {
    for (const webhook of podWebhooks) {
      const [condition] = listAt(webhook, 'matchConditions');
      expect(textAt(condition, 'expression')).toContain(`'${keys.mirrorPodAnnotation}'`);
    }
    for (const webhook of functionWebhooks) {
      expect(webhook['matchConditions']).toEqual([
        { name: 'not-being-deleted', expression: '!has(object.metadata.deletionTimestamp)' },
      ]);
    }
  });
});

describe('the pods', () => {
  it('are two, spread over nodes and zones, with a priority and a budget', () => {
    expect(pick(deployment, 'spec', 'replicas')).toBe(2);
    const selector = objectAt(deployment, 'spec', 'selector', 'matchLabels');
    expect(selects(selector, podLabels)).toBe(true);
    expect(pick(podSpec, 'topologySpreadConstraints')).toEqual(
      ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map((topologyKey) => ({
        topologyKey,
        maxSkew: 1,
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: selector },
        matchLabelKeys: ['pod-template-hash'],
      })),
    );
    expect(podSpec['priorityClassName']).toBe(
      at(installObject('PriorityClass'), 'metadata', 'name'),
    );
    expect(pick(installObject('PriorityClass'), 'value')).toBeLessThanOrEqual(1_000_000_000);
    expect(pick(installObject('PodDisruptionBudget'), 'spec')).toEqual({
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
      selector: { matchLabels: selector },
    });
  });

  it('may do nothing that they need not', () => {
    expect(container['securityContext']).toEqual({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(podSpec).toMatchObject({
      securityContext: { runAsNonRoot: true },
      // decision 0006: a Service of an unlucky name would set our variables.
      enableServiceLinks: false,
    });
    expect(podSpec['hostNetwork']).toBeUndefined();
    const labels = objectAt(installObject('Namespace'), 'metadata', 'labels');
    expect(labels['pod-security.kubernetes.io/enforce']).toBe('restricted');
  });

  it('ask for resources, and take no more than some', () => {
    for (const what of ['requests', 'limits']) {
      expect(Object.keys(objectAt(container, 'resources', what))).toEqual(['cpu', 'memory']);
    }
  });

  it('are probed where health is served', () => {
    const ports = listAt(container, 'ports').map(({ name }) => name);
    const server = readDocument('src/adapters/http/health-server.ts');
    for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
      const { path, port } = objectAt(container, probe, 'httpGet');
      expect(ports).toContain(port);
      expect(server).toContain(`'${path}'`);
    }
  });

  it('answer until API servers know that they go, then finish, and only then are killed', () => {
    const delay = Number(pick(container, 'lifecycle', 'preStop', 'sleep', 'seconds'));
    const shutdown = mustRead(serveCommand.options.shutdownTimeout.schema.read(undefined));
    expect(delay).toBeGreaterThanOrEqual(5);
    expect(podSpec['terminationGracePeriodSeconds']).toBeGreaterThan(delay + shutdown);
  });

  it('are replaced one after the other, without a moment in which there are fewer', () => {
    expect(pick(deployment, 'spec', 'strategy', 'rollingUpdate')).toEqual({
      maxSurge: 1,
      maxUnavailable: 0,
    });
  });
});

describe('the Service and the NetworkPolicy', () => {
  it('lead to the pods, and to nothing else', () => {
    expect(selects(objectAt(installObject('Service'), 'spec', 'selector'), podLabels)).toBe(true);
    const policy = objectAt(installObject('NetworkPolicy'), 'spec');
    expect(selects(objectAt(policy, 'podSelector', 'matchLabels'), podLabels)).toBe(true);
    const open = listAt(policy, 'ingress').flatMap((rule) => listAt(rule, 'ports'));
    expect(open.map(({ port }) => port)).toEqual(
      listAt(container, 'ports').map(({ containerPort }) => containerPort),
    );
    expect(policy['policyTypes']).toEqual(['Ingress']);
  });
});

describe('the settings', () => {
  const configMap = installObject('ConfigMap');
  const text = textAt(configMap, 'data', 'settings.yaml');

  it('are a file that the process takes, with nothing in it that is unknown or wrong', () => {
    const content = parse(text, { schema: 'failsafe' });
    const file = { path: 'settings.yaml', content, problems: [] };
    const inFile = readSettingsFile(serveCommand.options, file);
    const parsed = parseSettings(serveCommand.options, [], {}, inFile);
    expect(parsed).not.toHaveProperty('problems');
    const [port, healthPort] = listAt(container, 'ports').map(({ containerPort }) => containerPort);
    expect(parsed).toMatchObject({
      settings: { port, healthPort, leaseNamespace: namespace, leaseName: namespace },
    });
  });

  it('are mounted where the process looks, and a change of them rolls the pods', () => {
    const args = asList(container['args']) ?? [];
    const path = String(args[args.indexOf('--settings-file') + 1]);
    const [mount] = listAt(container, 'volumeMounts');
    const [volume] = listAt(podSpec, 'volumes');
    expect(path).toBe(`${mount?.['mountPath']}/settings.yaml`);
    expect(volume).toEqual({
      name: mount?.['name'],
      configMap: { name: at(configMap, 'metadata', 'name') },
    });
    const annotations = objectAt(deployment, 'spec', 'template', 'metadata', 'annotations');
    expect(annotations['checksum/settings']).toMatch(/^[0-9a-f]{64}$/);
  });

  it('name the image that runs, for the proxies', () => {
    expect(parse(text)).toMatchObject({ 'proxy-image': container['image'] });
  });
});

describe('the rights', () => {
  const roles = [...installObjectsOf('ClusterRole'), ...installObjectsOf('Role')];
  const bindings = [...installObjectsOf('ClusterRoleBinding'), ...installObjectsOf('RoleBinding')];
  const rulesOf = (role: JsonObject): JsonObject[] =>
    objectsOf(role['rules']).map(({ item }) => item);
  const isBound = (role: JsonObject): boolean =>
    bindings.some(
      (binding) =>
        at(binding, 'roleRef', 'kind') === role['kind'] &&
        at(binding, 'roleRef', 'name') === at(role, 'metadata', 'name'),
    );

  it('have no wildcard', () => {
    const rules = roles.flatMap(rulesOf);
    expect(rules.length).toBeGreaterThan(10);
    expect(JSON.stringify(rules)).not.toContain('*');
    for (const rule of rules) expect(rule['nonResourceURLs']).toBeUndefined();
  });

  it('go to our account alone, and to roles that there are', () => {
    const account = installObject('ServiceAccount');
    for (const binding of bindings) {
      expect(binding['subjects']).toEqual([
        { kind: 'ServiceAccount', name: at(account, 'metadata', 'name'), namespace },
      ]);
      expect(roles.map(titleOf)).toContain(
        `${at(binding, 'roleRef', 'kind')}/${at(binding, 'roleRef', 'name')}`,
      );
    }
    expect(podSpec).toMatchObject({
      serviceAccountName: at(account, 'metadata', 'name'),
      automountServiceAccountToken: true,
    });
  });

  it.each(['secrets', 'leases'])('to %s are by name, in our namespace', (resource) => {
    const granted = roles.filter(isBound).flatMap((role) =>
      rulesOf(role)
        .filter((rule) => asList(rule['resources'])?.includes(resource))
        .map((rule) => ({ role, rule })),
    );
    expect(granted.length).toBeGreaterThan(0);
    for (const { role, rule } of granted) {
      expect(role['kind']).toBe('Role');
      expect(at(role, 'metadata', 'namespace')).toBe(namespace);
      // What is to be made has no name yet that a rule could hold.
      if (JSON.stringify(rule['verbs']) !== '["create"]') {
        expect(asList(rule['resourceNames'])).toHaveLength(1);
      }
    }
  });

  it('to Secrets of Functions and to evictions are there to be bound, and are not', () => {
    const unbound = roles.filter((role) => !isBound(role)).map(titleOf);
    expect(unbound.toSorted()).toEqual([
      `ClusterRole/${namespace}-repair`,
      `ClusterRole/${namespace}-tokens`,
    ]);
  });

  it('to webhook configurations are to the ones of our name', () => {
    const rules = roles
      .flatMap(rulesOf)
      .filter(({ apiGroups }) => asList(apiGroups)?.includes('admissionregistration.k8s.io'));
    expect(rules).toHaveLength(1);
    expect(rules[0]?.['resourceNames']).toEqual([keys.webhookConfigurationName]);
  });
});

describe('the comments', () => {
  it('are kept where a reader of the manifest looks', () => {
    const text = readDocument('manifests/install.yaml');
    expect(text).toContain('npm run manifests');
    expect(text).toContain('The caBundle is not here');
  });
});

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { runCommand } from '../../src/commands/run-command.ts';
import type { Finding } from '../../src/rules/check/finding.ts';
import { status } from '../adapters/kubernetes/mishap.ts';
import { writeKubeConfig } from '../support/fake-kubeconfig.ts';
import { runProgram } from '../support/run-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import {
  type Certificates,
  CheckedCluster,
  deployment,
  install,
  TestAuthority,
} from './check/checked-cluster.ts';

let authority: TestAuthority;
let certificates: Certificates;
let folder: string;
let cluster: CheckedCluster;
let kubeconfig: string;

beforeAll(async () => {
  authority = await TestAuthority.make();
  certificates = await authority.serving();
});

beforeEach(async () => {
  cluster = new CheckedCluster(certificates);
  await cluster.server.start();
  onTestFinished(() => cluster.server.stop());
  folder = await temporaryFolder();
  kubeconfig = await writeKubeConfig(cluster.server, folder);
});

/** The command in a process of its own, as a user runs it. */
function run(...args: string[]) {
  return runProgram(['check', '--kubeconfig', kubeconfig, ...args]);
}

/** The same within this one, which takes less time. */
async function check(...args: string[]): Promise<{ code: number; findings: Finding[] }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const code = await runCommand(['check', '--kubeconfig', kubeconfig, '-o', 'json', ...args], {
    stdin: new PassThrough(),
    stdout,
    stderr,
    environment: {},
    hasColours: false,
    stopRequested: () => new Promise(() => undefined),
  });
  stdout.end();
  stderr.end();
  expect(await text(stderr)).toBe('');
  const { findings } = JSON.parse(await text(stdout));
  return { code, findings };
}

/** What is not well, as `level id`. */
function ills(findings: readonly Finding[]): string[] {
  return findings.filter(({ level }) => level !== 'ok').map(({ level, id }) => `${level} ${id}`);
}

function finding(findings: readonly Finding[], id: string): Finding {
  const found = findings.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no finding ${id}`);
  return found;
}

describe('check on an installation that is well', () => {
  test('says so line by line, and exits with 0', async () => {
    const { code, stdout, stderr } = await run();
    expect(stderr).toBe('');
    expect(stdout).not.toMatch(/[‼×]/);
    for (const line of [
      'kubernetes-api\n--------------\n√ the API server answers: Kubernetes v1.34.1\n',
      '√ functions.core.openfunction.io are served: as v1beta2\n',
      `√ Deployment ${install} is ready: 2 of 2 pods available (${install}:0.1.0)\n`,
      '√ Service openfunction-dapr-webhook leads to pods: 2 ready addresses\n',
      /√ the serving certificate is valid: for 19 days more, until \d{4}-/,
      '√ API servers trust what is served (caBundle): 4 of 4 webhooks\n',
      'baas.openfunction.io comes before dapr-sidecar-injector\n',
      '√ serving-pods.mutate.baas.openfunction.io selects what it is for: CREATE of pods\n',
      'Dapr 1.15.4 in namespace dapr-system\n',
      'OpenFunction 0.7.0 in namespace openfunction\n',
      '√ a Function gets its defaults, in each mode: dry runs in namespace default came back with them\n',
      '√ a Pod of a Function in sidecar mode is admitted in it: a dry run for Function in-sidecar in namespace shop',
      '√ every function pod was admitted: 3 pods\n',
      '√ every proxy is ready: 1 proxy\n',
      /\n\n√ 31 checks: 31 ok, 0 warnings, 0 errors\n$/,
    ]) {
      expect(stdout).toMatch(line);
    }
    expect(code).toBe(0);
  });

  test('asks for no right that the installation does not use', async () => {
    cluster.lacks = ({ resource, namespace, subresource }) =>
      (resource === 'secrets' && namespace === undefined) || subresource === 'eviction';
    const { code, findings } = await check();
    expect(code).toBe(0);
    expect(finding(findings, 'rights-tokens').message).toContain('it may not, and need not');
    expect(finding(findings, 'rights-repair').message).toContain('it may not, and need not');
  });

  test('changes nothing, and reads no more than it shows', async () => {
    await run();
    expect(cluster.server.writes).toEqual([]);
    const changing = cluster.server.requests.filter(
      ({ verb }) => !['get', 'list', 'discover', 'other'].includes(verb),
    );
    expect(changing.length).toBeGreaterThan(0);
    for (const { verb, plural, query } of changing) {
      expect(verb).toBe('create');
      if (plural !== 'subjectaccessreviews') expect(query.get('dryRun')).toBe('All');
    }
    expect(cluster.server.seen('list', 'secrets')).toEqual([]);
  });

  test('prints no key, and nothing else of a Secret', async () => {
    for (const format of ['text', 'json']) {
      const { stdout, stderr } = await run('-o', format);
      const body = certificates.key.split('\n')[1] ?? '';
      expect(body.length).toBeGreaterThan(40);
      for (const text of [body, 'PRIVATE KEY', 'BEGIN CERTIFICATE', 'Bearer']) {
        expect(stdout + stderr).not.toContain(text);
      }
    }
  });

  test('has JSON of one shape, the same ids whatever is the matter', async () => {
    const { code, stdout } = await run('-o', 'json');
    expect(code).toBe(0);
    const report = JSON.parse(stdout);
    expect(Object.keys(report)).toEqual(['level', 'counts', 'findings']);
    expect(report).toMatchObject({ level: 'ok', counts: { ok: 31, warning: 0, error: 0 } });
    const ids = [
      'api-server',
      'functions-served',
      'servings-served',
      'components-served',
      'deployment',
      'service',
      'certificate',
      'ca-bundle',
      'mutating-configuration',
      'validating-configuration',
      'webhook-target',
      'configuration-order',
      'selection-functions-mutate',
      'selection-function-pods-mutate',
      'selection-serving-pods-mutate',
      'selection-functions-validate',
      'rights-admission',
      'rights-certificates',
      'rights-controller',
      'rights-tokens',
      'rights-repair',
      'dapr',
      'openfunction',
      'dry-run-function',
      'dry-run-invalid-function',
      'dry-run-pod-standalone',
      'dry-run-pod-sidecar',
      'dry-run-pod-disabled',
      'pods-admitted',
      'proxies-present',
      'proxies-ready',
    ];
    expect(report.findings.map(({ id }: Finding) => id)).toEqual(ids);
    for (const one of report.findings) {
      expect(Object.keys(one)).toEqual(['id', 'section', 'title', 'level', 'message', 'hint']);
      expect(one.hint).toBeNull();
    }
    cluster.isForbidden = () => true;
    const other = await check();
    expect(other.findings.map(({ id }) => id)).toEqual(ids);
  });

  test('finds one in another namespace, by a context of the kubeconfig', async () => {
    const path = join(folder, 'contexts');
    const server = { server: cluster.server.url, 'insecure-skip-tls-verify': true };
    await writeFile(
      path,
      JSON.stringify({
        clusters: [
          { name: 'a', cluster: { server: 'http://127.0.0.1:1' } },
          { name: 'b', cluster: server },
        ],
        users: [{ name: 'me', user: {} }],
        contexts: [
          { name: 'one', context: { cluster: 'a', user: 'me' } },
          { name: 'two', context: { cluster: 'b', user: 'me' } },
        ],
        'current-context': 'one',
      }),
    );
    const [plain, other, none] = await Promise.all([
      check('--kubeconfig', path),
      check('--kubeconfig', path, '--kube-context', 'two', '--install-namespace', 'elsewhere'),
      check('--kubeconfig', path, '--kube-context', 'three'),
    ]);
    expect(ills(plain.findings)).toEqual(['error api-server']);
    expect(finding(other.findings, 'deployment').message).toBe(
      'there is none in namespace elsewhere',
    );
    expect(finding(other.findings, 'webhook-target').level).toBe('error');
    expect(finding(none.findings, 'api-server').message).toBe(
      'no way to the cluster: The kubeconfig has no context "three", but one, two',
    );
  });
});

describe('check without an answer', () => {
  test('is one error with the way out, and exits with 1', async () => {
    const { url } = cluster.server;
    await cluster.server.stop();
    const { code, stdout } = await run();
    expect(code).toBe(1);
    expect(stdout).toMatch(
      `× the API server answers\n    no answer from ${url}: connect ECONNREFUSED`,
    );
    expect(stdout).toContain('kubectl config current-context');
    expect(stdout).toMatch(/\n\n× 1 check: 0 ok, 0 warnings, 1 error\n$/);
    const { code: again, findings } = await check();
    expect(again).toBe(1);
    expect(findings).toHaveLength(1);
  });

  test.each([
    [
      'is told who it takes us for',
      status(401, 'Unauthorized', 'Unauthorized'),
      '401 Unauthorized',
    ],
    ['is no API server', { status: 200, body: '<html>' }, 'the answer is no JSON object'],
    ['is a gateway without a server', { status: 502, body: 'bad gateway' }, '502'],
    ['breaks off', 'reset', 'ECONNRESET'],
  ] as const)('one error also where it %s', async (_what, mishap, message) => {
    cluster.intercept = ({ path }) => (path === '/version' ? mishap : undefined);
    const { code, findings } = await check();
    expect(code).toBe(1);
    expect(findings).toHaveLength(1);
    expect(findings[0]?.message).toContain(message);
  });

  test('goes on where only the version is not told', async () => {
    cluster.intercept = ({ path }) =>
      path === '/version' ? status(403, 'Forbidden', 'no') : undefined;
    const { code, findings } = await check();
    expect(code).toBe(0);
    expect(finding(findings, 'api-server').message).toBe('of an unknown version');
  });

  test('names the kubeconfig that is not there, and exits with 1', async () => {
    const missing = join(folder, 'none');
    const { code, stdout } = await runProgram(['check', '--kubeconfig', missing]);
    expect(code).toBe(1);
    expect(stdout).toContain('× the API server answers\n    no way to the cluster: ');
    expect(stdout).toContain(missing);
  });
});

describe('check by somebody with few rights', () => {
  test('makes a warning of each check that could not be made, and names the right', async () => {
    cluster.isForbidden = ({ verb }) => verb !== 'discover';
    const { code, stdout } = await run();
    expect(code).toBe(3);
    expect(stdout).not.toContain('×');
    for (const right of [
      `get deployments.apps "${install}" in namespace "${install}"`,
      `get secrets "${install}-certificates" in namespace "${install}"`,
      'list mutatingwebhookconfigurations.admissionregistration.k8s.io',
      'create subjectaccessreviews.authorization.k8s.io',
      'list deployments.apps in all namespaces',
      'create functions.core.openfunction.io in namespace "default"',
      'list pods in all namespaces',
    ]) {
      expect(stdout).toContain(`not looked at: you lack the right to ${right}\n`);
    }
    expect(stdout).toContain('Ask for a ClusterRole that grants "list" on "pods" of API group ""');
  });

  test('tells what is not known without a look at Functions', async () => {
    cluster.isForbidden = ({ plural, verb }) => plural === 'functions' && verb === 'list';
    const { code, findings } = await check();
    expect(code).toBe(3);
    expect(ills(findings)).toEqual([
      'warning selection-functions-mutate',
      'warning selection-function-pods-mutate',
      'warning selection-serving-pods-mutate',
      'warning selection-functions-validate',
      'warning dry-run-pod-standalone',
      'warning dry-run-pod-sidecar',
      'warning dry-run-pod-disabled',
      'warning pods-admitted',
      'warning proxies-present',
    ]);
    expect(finding(findings, 'dry-run-pod-sidecar').message).toBe(
      'not looked at: you lack the right to list functions.core.openfunction.io in all namespaces',
    );
  });

  test('who may not ask for rights of others, leaves those open and looks at the rest', async () => {
    cluster.isForbidden = ({ plural }) => plural === 'subjectaccessreviews';
    const { code, findings } = await check();
    expect(code).toBe(3);
    expect(ills(findings)).toEqual([
      'warning rights-admission',
      'warning rights-certificates',
      'warning rights-controller',
      'warning rights-tokens',
      'warning rights-repair',
    ]);
    expect(finding(findings, 'rights-admission').hint).toBe(
      'Ask for a ClusterRole that grants "create" on "subjectaccessreviews" of API group "authorization.k8s.io", or let somebody run this who has one.',
    );
  });

  test('without the Secret, takes a dry run as the proof that API servers trust the certificate', async () => {
    cluster.isForbidden = ({ plural }) => plural === 'secrets';
    const { code, findings } = await check();
    expect(code).toBe(3);
    expect(ills(findings)).toEqual(['warning certificate']);
    expect(finding(findings, 'ca-bundle').message).toBe('a dry run got through by it');
  });

  test('without the Secret and without a dry run, leaves the caBundle open', async () => {
    cluster.isForbidden = ({ plural, verb }) =>
      plural === 'secrets' || (plural === 'functions' && verb === 'create');
    const { findings } = await check();
    expect(finding(findings, 'ca-bundle')).toMatchObject({ level: 'warning' });
    expect(finding(findings, 'certificate').message).toContain('you lack the right to get secrets');
    expect(finding(findings, 'dry-run-function').message).toContain(
      'you lack the right to create functions.core.openfunction.io in namespace "default"',
    );
  });

  test('does without the labels of namespaces where nothing selects by others', async () => {
    cluster.isForbidden = ({ plural }) => plural === 'namespaces';
    expect(ills((await check()).findings)).toEqual([]);
    cluster.changeWebhooks('mutating', 'functions.', {
      namespaceSelector: { matchLabels: { team: 'a' } },
    });
    const { findings } = await check();
    expect(ills(findings)).toEqual(['warning selection-functions-mutate']);
    expect(finding(findings, 'selection-functions-mutate').message).toBe(
      'not looked at: you lack the right to list namespaces',
    );
  });
});

describe('check on a cluster that has nothing', () => {
  test('finds everything missing, and exits with 1', async () => {
    const bare = new CheckedCluster(certificates);
    for (const [plural, namespace, name] of [
      ['deployments', install, install],
      ['services', install, install],
      ['endpointslices', install, `${install}-x`],
      ['secrets', install, `${install}-certificates`],
      ['mutatingwebhookconfigurations', '', 'baas.openfunction.io'],
      ['mutatingwebhookconfigurations', '', 'dapr-sidecar-injector'],
      ['validatingwebhookconfigurations', '', 'baas.openfunction.io'],
      ['deployments', 'dapr-system', 'dapr-sidecar-injector'],
      ['deployments', 'openfunction', 'openfunction-controller-manager'],
    ] as const) {
      bare.server.remove(plural, namespace, name);
    }
    bare.server.uninstall('core.openfunction.io/v1beta2', 'functions');
    bare.server.uninstall('core.openfunction.io/v1beta2', 'servings');
    bare.server.uninstall('dapr.io/v1alpha1', 'components');
    bare.lacks = () => true;
    await bare.server.start();
    onTestFinished(() => bare.server.stop());
    kubeconfig = await writeKubeConfig(bare.server, await temporaryFolder());
    const { code, findings } = await check();
    expect(code).toBe(1);
    expect(ills(findings)).toEqual([
      'error functions-served',
      'warning servings-served',
      'error components-served',
      'error deployment',
      'error service',
      'warning certificate',
      'error mutating-configuration',
      'error validating-configuration',
      'error configuration-order',
      'error rights-admission',
      'warning rights-certificates',
      'error rights-controller',
      'warning rights-tokens',
      'warning rights-repair',
      'error dapr',
      'warning openfunction',
      'warning dry-run-function',
      'warning dry-run-invalid-function',
    ]);
    for (const { level, hint } of findings) if (level !== 'ok') expect(hint).toBeTruthy();
  });
});

/** What is done to a cluster that is well, and everything that is not well then, with a part of the message. */
type Defect = readonly [
  what: string,
  damage: (cluster: CheckedCluster) => unknown,
  expected: Readonly<Record<string, string>>,
];

const selector = (matchExpressions: readonly object[]) => ({
  objectSelector: { matchExpressions: [...matchExpressions] as never },
});

const defects: readonly Defect[] = [
  [
    'Kubernetes is too old',
    (it) => {
      it.intercept = ({ path }) =>
        path === '/version' ? { status: 200, body: { gitVersion: 'v1.21.14' } } : undefined;
    },
    { 'warning api-server': 'Kubernetes v1.21.14 is older than 1.22' },
  ],
  [
    'Servings are not served',
    (it) => it.server.uninstall('core.openfunction.io/v1beta2', 'servings'),
    { 'warning servings-served': 'neither v1beta2 nor v1beta1' },
  ],
  [
    'Components are not served',
    (it) => it.server.uninstall('dapr.io/v1alpha1', 'components'),
    { 'error components-served': 'dapr.io/v1alpha1 is not served' },
  ],
  [
    'no pod of the Deployment is available',
    (it) => it.change('deployments', install, install, { status: { availableReplicas: null } }),
    { 'error deployment': '0 of 2 pods available' },
  ],
  [
    'one pod of the Deployment is not available',
    (it) => it.change('deployments', install, install, { status: { availableReplicas: 1 } }),
    { 'warning deployment': '1 of 2 pods available' },
  ],
  [
    'the Deployment is scaled to zero',
    (it) => it.change('deployments', install, install, { spec: { replicas: 0 } }),
    { 'error deployment': 'it is scaled to zero' },
  ],
  [
    'the Deployment is missing',
    (it) => it.server.remove('deployments', install, install),
    { 'error deployment': `there is none in namespace ${install}` },
  ],
  [
    'the Service is missing',
    (it) => it.server.remove('services', install, install),
    { 'error service': `there is none in namespace ${install}` },
  ],
  [
    'the Service lacks the port that is called',
    (it) => it.change('services', install, install, { spec: { ports: [{ port: 9443 }] } }),
    { 'error service': 'it has no port 443' },
  ],
  [
    'no pod behind the Service is ready',
    (it) => it.server.remove('endpointslices', install, `${install}-x`),
    { 'error service': 'no pod behind it is ready' },
  ],
  [
    'the certificate has expired',
    async (it) => it.serve(await authority.serving({ daysLeft: -3 })),
    { 'error certificate': 'it expired 3 days ago, at ' },
  ],
  [
    'the certificate should have been renewed',
    async (it) => it.serve(await authority.serving({ daysOld: 28, daysLeft: 2 })),
    { 'warning certificate': 'for 47 hours more' },
  ],
  [
    'the certificate is for another name',
    async (it) => it.serve(await authority.serving({ hosts: ['other.test'] })),
    {
      'error certificate': `it is not for ${install}.${install}.svc, as which API servers call it, but for other.test`,
    },
  ],
  [
    'the Secret holds no certificate',
    (it) =>
      it.change('secrets', install, `${install}-certificates`, { data: { 'tls.crt': 'eA==' } }),
    { 'error certificate': 'has no certificate that can be read (tls.crt)' },
  ],
  [
    'the Secret is missing',
    (it) => it.server.remove('secrets', install, `${install}-certificates`),
    { 'error certificate': `there is no Secret ${install}-certificates` },
  ],
  [
    'the Secret has a certificate of another CA, and API servers do not get through',
    async (it) => {
      it.serve(await (await TestAuthority.make()).serving());
      it.intercept = ({ plural, query }) =>
        plural === 'functions' && query.get('dryRun') === 'All'
          ? status(
              500,
              'InternalError',
              'failed calling webhook "functions.mutate.baas.openfunction.io": x509',
            )
          : undefined;
    },
    {
      'error ca-bundle':
        'it does not trust the serving certificate in functions.mutate.baas.openfunction.io, function-pods',
      'error dry-run-function': 'x509',
      'error dry-run-invalid-function': 'x509',
    },
  ],
  [
    'the Secret has a certificate of another CA, which is not served yet',
    async (it) => it.serve(await (await TestAuthority.make()).serving()),
    { 'warning ca-bundle': 'a dry run got through, but it does not trust' },
  ],
  [
    'one caBundle is of another CA',
    async (it) => {
      const other = await (await TestAuthority.make()).serving();
      it.changeClients('mutating', 'serving-pods.', {
        caBundle: Buffer.from(other.authority).toString('base64'),
      });
    },
    {
      'error ca-bundle':
        'it does not trust the serving certificate in serving-pods.mutate.baas.openfunction.io',
    },
  ],
  [
    'a caBundle is empty',
    (it) => it.changeClients('validating', 'functions.', { caBundle: '' }),
    { 'error ca-bundle': 'it is empty in functions.validate.baas.openfunction.io' },
  ],
  [
    'the mutating configuration is missing',
    (it) => it.server.remove('mutatingwebhookconfigurations', '', 'baas.openfunction.io'),
    { 'error mutating-configuration': 'there is none, so that API servers call nobody' },
  ],
  [
    'the validating configuration is missing',
    (it) => it.server.remove('validatingwebhookconfigurations', '', 'baas.openfunction.io'),
    { 'error validating-configuration': 'there is none' },
  ],
  [
    'a webhook is missing',
    (it) =>
      it.change('mutatingwebhookconfigurations', '', 'baas.openfunction.io', {
        webhooks: (it.configuration('mutating')['webhooks'] as never[]).slice(0, 2),
      }),
    { 'error mutating-configuration': 'it lacks serving-pods.mutate.baas.openfunction.io' },
  ],
  [
    'the mutating configuration has another name, behind that of Dapr',
    (it) => {
      it.server.put('mutatingwebhookconfigurations', '', 'webhook', it.configuration('mutating'));
      it.server.remove('mutatingwebhookconfigurations', '', 'baas.openfunction.io');
    },
    {
      'warning mutating-configuration': 'it is called webhook',
      'warning configuration-order': 'dapr-sidecar-injector comes before webhook',
    },
  ],
  [
    'a second configuration registers the webhooks as well',
    (it) => it.server.put('mutatingwebhookconfigurations', '', 'old', it.configuration('mutating')),
    { 'warning mutating-configuration': 'these register webhooks of this project as well: old' },
  ],
  [
    'a webhook calls another path',
    (it) =>
      it.changeClients('mutating', 'functions.', {
        service: { name: install, namespace: install, path: '/mutate' },
      }),
    { 'error webhook-target': 'is called at /mutate instead of /mutate/functions' },
  ],
  [
    'a webhook calls the Service of another namespace',
    (it) =>
      it.changeClients('validating', 'functions.', {
        service: { name: install, namespace: 'elsewhere', path: '/validate/functions' },
      }),
    {
      'error certificate': `it is not for ${install}.elsewhere.svc`,
      'error webhook-target': `calls Service ${install} in namespace elsewhere`,
    },
  ],
  [
    "Dapr's configuration comes first and is not called again",
    (it) => {
      it.server.remove('mutatingwebhookconfigurations', '', 'dapr-sidecar-injector');
      it.server.put('mutatingwebhookconfigurations', '', 'a-dapr', {
        webhooks: [{ name: 'sidecar-injector.dapr.io', reinvocationPolicy: 'Never' }],
      });
    },
    { 'error configuration-order': 'a-dapr comes before baas.openfunction.io' },
  ],
  [
    "Dapr's injector is not registered",
    (it) => it.server.remove('mutatingwebhookconfigurations', '', 'dapr-sidecar-injector'),
    { 'error configuration-order': "Dapr's injector is not registered" },
  ],
  [
    'an operation was taken out of the rules',
    (it) =>
      it.changeWebhooks('validating', 'functions.', {
        rules: [
          {
            apiGroups: ['core.openfunction.io'],
            apiVersions: ['*'],
            resources: ['functions'],
            operations: ['CREATE'],
          },
        ],
      }),
    { 'error selection-functions-validate': 'its rules miss UPDATE of functions' },
  ],
  [
    'the objectSelector was narrowed',
    (it) =>
      it.changeWebhooks(
        'mutating',
        'function-pods.',
        selector([
          { key: 'openfunction.io/function', operator: 'Exists' },
          { key: 'team', operator: 'In', values: ['a'] },
        ]),
      ),
    {
      'error selection-function-pods-mutate':
        'its objectSelector misses Pods with openfunction.io/function',
    },
  ],
  [
    'the objectSelector was taken away',
    (it) => it.changeWebhooks('mutating', 'serving-pods.', { objectSelector: {} }),
    {
      'warning selection-serving-pods-mutate':
        'its objectSelector also selects Pods of no Function, pods of proxies',
    },
  ],
  [
    'a namespace with Functions was left out',
    (it) =>
      it.changeWebhooks('validating', 'functions.', {
        namespaceSelector: {
          matchExpressions: [
            {
              key: 'kubernetes.io/metadata.name',
              operator: 'NotIn',
              values: ['shop', 'kube-system', install],
            },
          ],
        },
      }),
    {
      'error selection-functions-validate':
        'its namespaceSelector misses namespaces with Functions: shop',
    },
  ],
  [
    'no namespace is left out any more',
    (it) => it.changeWebhooks('mutating', 'functions.', { namespaceSelector: {} }),
    {
      'warning selection-functions-mutate': `its namespaceSelector does not leave out kube-system, ${install}`,
    },
  ],
  [
    'the ServiceAccount lacks a right of admission',
    (it) => {
      it.lacks = ({ verb, resource }) => verb === 'watch' && resource === 'functions';
    },
    {
      'error rights-admission': 'it lacks watch functions.core.openfunction.io in all namespaces',
    },
  ],
  [
    'the ServiceAccount may not write its certificate',
    (it) => {
      it.lacks = ({ resource, verb }) => resource === 'secrets' && verb === 'update';
    },
    {
      'error rights-certificates': `it lacks update secrets "${install}-certificates" in namespace "${install}"`,
    },
  ],
  [
    'the ServiceAccount lacks rights of the controller',
    (it) => {
      it.lacks = ({ resource, name }) => resource === 'networkpolicies' || name === install;
    },
    {
      'error rights-controller':
        'it lacks get, list, watch, create, patch, delete networkpolicies.networking.k8s.io in all namespaces; get, update leases.coordination.k8s.io',
    },
  ],
  [
    'the ServiceAccount may not set owner references where that is checked',
    (it) => {
      it.lacks = ({ subresource }) => subresource === 'finalizers';
    },
    {
      'warning rights-controller':
        'it lacks update functions.core.openfunction.io/finalizers in all namespaces',
    },
  ],
  [
    'the ServiceAccount may not see Secrets, and a Function asks for a token',
    (it) => {
      it.lacks = ({ resource, namespace }) => resource === 'secrets' && namespace === undefined;
      it.server.put('functions', 'shop', 'with-token', {
        spec: { serving: { annotations: { 'baas.openfunction.io/api-token': 'true' } } },
      });
    },
    { 'error rights-tokens': 'it lacks list, watch, create, delete secrets' },
  ],
  [
    'the settings ask for what the ServiceAccount may not do',
    (it) => {
      it.lacks = ({ subresource }) => subresource === 'eviction';
      const settings = 'certificates: secret\nrepair-missed-pods: true\n';
      it.change('configmaps', install, install, { data: { 'settings.yaml': settings } });
    },
    { 'error rights-repair': 'it lacks create pods/eviction in all namespaces' },
  ],
  [
    'the settings cannot be seen',
    (it) => {
      it.lacks = ({ subresource }) => subresource === 'eviction';
      it.isForbidden = ({ plural }) => plural === 'configmaps';
    },
    {
      'warning rights-repair': `it lacks create pods/eviction in all namespaces; whether it uses that is not known: you lack the right to get configmaps "${install}" in namespace "${install}"`,
    },
  ],
  [
    'Dapr has no injector',
    (it) => it.server.remove('deployments', 'dapr-system', 'dapr-sidecar-injector'),
    { 'error dapr': 'there is no Deployment with the label app=dapr-sidecar-injector' },
  ],
  [
    "Dapr's injector is down",
    (it) =>
      it.change('deployments', 'dapr-system', 'dapr-sidecar-injector', {
        status: { availableReplicas: 0 },
      }),
    { 'error dapr': 'Dapr 1.15.4 in namespace dapr-system, but no pod of its injector' },
  ],
  [
    'OpenFunction is missing',
    (it) => it.server.remove('deployments', 'openfunction', 'openfunction-controller-manager'),
    { 'warning openfunction': 'there is no Deployment openfunction-controller-manager' },
  ],
  [
    'OpenFunction made a proxy',
    (it) => {
      it.server.put(
        'deployments',
        'openfunction',
        'openfunction-controller-manager',
        deployment(1, 'openfunction', 'openfunction/openfunction:v1.2.0'),
      );
      it.server.put('deployments', 'shop', 'serving-x-proxy', {
        metadata: { labels: { 'openfunction.io/proxy': 'serving-x' } },
      });
    },
    {
      'warning openfunction':
        'OpenFunction 1.2.0 in namespace openfunction keeps 1 proxy of its own, for whose Functions none is made here: shop/serving-x-proxy',
    },
  ],
  [
    'the webhook is not reached, and may be passed by',
    (it) => {
      it.admission = 'ignored';
    },
    {
      'error dry-run-function':
        'came back without them (standalone, sidecar, disabled): the webhook was not called, or not',
      'error dry-run-invalid-function': 'was let through',
      'error dry-run-pod-standalone':
        'Function in-standalone in namespace shop came back unchanged',
      'error dry-run-pod-sidecar': 'Function in-sidecar in namespace shop came back unchanged',
      'error dry-run-pod-disabled': 'came back unchanged',
    },
  ],
  [
    'the webhook is not reached, and must be',
    (it) => {
      it.admission = 'failing';
    },
    {
      'error dry-run-function':
        'failed calling webhook "functions.mutate.baas.openfunction.io": x509',
      'error dry-run-invalid-function': 'failed calling webhook',
      'error dry-run-pod-standalone': 'failed calling webhook',
      'error dry-run-pod-sidecar': 'failed calling webhook',
      'error dry-run-pod-disabled': 'failed calling webhook',
    },
  ],
  [
    'a quota is in the way of a dry run',
    (it) => {
      it.intercept = ({ plural, query }) =>
        plural === 'pods' && query.get('dryRun') === 'All'
          ? status(403, 'Forbidden', 'pods "x" is forbidden: exceeded quota: pods')
          : undefined;
    },
    {
      'warning dry-run-pod-standalone':
        'somebody else refuses the dry run: 403 pods "x" is forbidden',
      'warning dry-run-pod-sidecar': 'exceeded quota',
      'warning dry-run-pod-disabled': 'exceeded quota',
    },
  ],
  [
    'function pods were missed',
    (it) => {
      for (let index = 1; index <= 7; index += 1) it.addPod(`missed-${index}`, 'in-sidecar');
      it.addPod('of-nobody', 'deleted-function');
    },
    {
      'warning pods-admitted':
        '7 were not of 10: shop/missed-1, shop/missed-2, shop/missed-3, shop/missed-4, shop/missed-5, 2 more',
    },
  ],
  [
    'a Function has no proxy',
    (it) => it.server.remove('deployments', 'shop', 'in-standalone-dapr-proxy'),
    { 'warning proxies-present': '1 has none of 1: shop/in-standalone' },
  ],
  [
    'a proxy is not ready',
    (it) =>
      it.change('deployments', 'shop', 'in-standalone-dapr-proxy', {
        status: { availableReplicas: null },
      }),
    { 'error proxies-ready': 'without any pod available: shop/in-standalone-dapr-proxy' },
  ],
  [
    'API servers answer one question with an error',
    (it) => {
      it.intercept = ({ plural, verb }) =>
        plural === 'pods' && verb === 'list'
          ? status(500, 'InternalError', 'etcd is away')
          : undefined;
    },
    { 'error pods-admitted': 'could not be looked at: 500 etcd is away' },
  ],
];

describe('check finds', () => {
  test.each(defects)('that %s', async (_what, damage, expected) => {
    await damage(cluster);
    const { code, findings } = await check();
    expect(ills(findings)).toEqual(Object.keys(expected));
    for (const [ill, message] of Object.entries(expected)) {
      const [, id = ''] = ill.split(' ');
      const one = finding(findings, id);
      expect(one.message).toContain(message);
      expect(one.hint).toBeTruthy();
    }
    expect(code).toBe(Object.keys(expected).some((ill) => ill.startsWith('error')) ? 1 : 3);
  });
});

describe('check at the start', () => {
  test('explains itself', async () => {
    const { code, stdout } = await runProgram(['check', '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('Usage: openfunction-dapr-webhook check');
    for (const flag of ['--kubeconfig', '--kube-context', '--install-namespace', '-o, --output']) {
      expect(stdout).toContain(flag);
    }
  });

  test('refuses a format and a namespace that are none, and exits with 2', async () => {
    const { code, stderr } = await run('-o', 'yaml', '--install-namespace', 'A');
    expect(code).toBe(2);
    expect(stderr).toBe(
      'check: -o: must be one of text, json\ncheck: --install-namespace: must be the name of a namespace\n'.replace(
        /(.*\n)(.*\n)/,
        '$2$1',
      ),
    );
  });
});

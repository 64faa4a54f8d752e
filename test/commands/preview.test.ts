import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { at, type JsonObject, objectsOf } from '../../src/api/json.ts';
import { runProgram } from '../support/run-process.ts';
import { repositoryFolder } from '../support/source-tree.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const asyncFunction = `# a comment
apiVersion: core.openfunction.io/v1beta2
kind: Function
metadata:
  name: greeter
spec:
  image: example.com/greeter:v1
  serving:
    triggers:
      dapr:
        - name: queue
          topic: greetings
    pubsub:
      queue:
        type: pubsub.redis
        version: v1
    params:
      SWITCH: "on"
`;

async function preview(args: string[], input?: string) {
  const result = await runProgram(['preview', ...args], input === undefined ? {} : { input });
  return { ...result, objects: () => documentsOf(result.stdout) };
}

function documentsOf(yaml: string): JsonObject[] {
  return parseAllDocuments(yaml).map((document) => document.toJS());
}

function kinds(objects: readonly JsonObject[]): string[] {
  return objects.map((object) => `${object['kind']} ${at(object, 'metadata', 'name')}`);
}

describe('preview', () => {
  it('shows the admitted Function, the Pod that OpenFunction would make, and the proxy', async () => {
    const { code, stderr, objects } = await preview(['-f', '-', '-n', 'shop'], asyncFunction);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(kinds(objects())).toEqual([
      'Function greeter',
      'Pod greeter',
      'Component greeter-queue',
      'Service greeter-dapr-proxy',
      'Service greeter-events',
      'NetworkPolicy greeter-dapr-proxy',
      'Deployment greeter-dapr-proxy',
    ]);
    const [fn, pod] = objects();
    expect(at(fn, 'spec', 'serving', 'annotations')).toEqual({
      'openfunction.io/enable-dapr': 'true',
      'openfunction.io/dapr-service-mode': 'standalone',
    });
    expect(at(pod, 'metadata', 'namespace')).toBe('shop');
    const [container] = objectsOf(at(pod, 'spec', 'containers'));
    const env = Object.fromEntries(
      objectsOf(container?.item['env']).map(({ item }) => [item['name'], item['value']]),
    );
    expect(env).toMatchObject({
      SWITCH: 'on',
      DAPR_HOST: 'greeter-dapr-proxy.shop.svc.cluster.local',
      POD_NAMESPACE: 'shop',
    });
  });

  it('gives strings that YAML 1.1 reads otherwise their quotes', async () => {
    const { stdout } = await preview(['-f', '-'], asyncFunction);
    expect(stdout).toContain('value: "on"');
  });

  it('gives one List as JSON', async () => {
    const { stdout } = await preview(['-f', '-', '--output=json'], asyncFunction);
    const list = JSON.parse(stdout);
    expect(list).toMatchObject({ apiVersion: 'v1', kind: 'List' });
    expect(kinds(list.items)).toContain('Deployment greeter-dapr-proxy');
  });

  it('is its own fixed point: what it prints, previewed again, comes out the same', async () => {
    for (const file of ['cron-to-kafka.yaml', 'node-sidecar.yaml', 'dapr-off.yaml']) {
      const first = await preview(['-f', join('manifests/samples', file)]);
      const again = await preview(['-f', '-'], first.stdout);
      const own = (objects: JsonObject[]) =>
        objects.filter(({ kind }) => kind === 'Function' || kind === 'Pod');
      expect(own(again.objects())).toEqual(own(first.objects()));
    }
  });

  it('tells in a diff which rule decided the mode', async () => {
    const { stdout } = await preview(['-f', '-', '-o', 'diff'], asyncFunction);
    expect(stdout).toContain('Function default/greeter: standalone');
    expect(stdout).toContain('because openfunction.io/enable-dapr is unset and the Function has');
    expect(stdout).toContain('+      openfunction.io/enable-dapr: "true"');
    expect(stdout).toContain('+++ Deployment default/greeter-dapr-proxy');
    expect(stdout).not.toContain('\u001b[');
  });

  it('colours nothing that goes into a pipe, whatever the environment is', async () => {
    for (const name of ['CI', 'FORCE_COLOR']) {
      const environment = { [name]: 'true' };
      const { stdout } = await runProgram(['preview', '-f', '-', '-o', 'diff'], {
        input: asyncFunction,
        environment,
      });
      expect(stdout).toContain('+++ Deployment');
      expect(stdout).not.toContain('\u001b[');
    }
  });

  it('admits the Pod template of every kind of workload', async () => {
    const template = {
      metadata: { labels: { 'openfunction.io/function': 'greeter' } },
      spec: { containers: [{ name: 'main', image: 'example.com/x:v1' }] },
    };
    const workloads: [kind: string, apiVersion: string, spec: JsonObject, path: string[]][] = [
      ['Deployment', 'apps/v1', { template }, ['spec', 'template']],
      ['StatefulSet', 'apps/v1', { template }, ['spec', 'template']],
      ['DaemonSet', 'apps/v1', { template }, ['spec', 'template']],
      ['Job', 'batch/v1', { template }, ['spec', 'template']],
      [
        'CronJob',
        'batch/v1',
        { jobTemplate: { spec: { template } } },
        ['spec', 'jobTemplate', 'spec', 'template'],
      ],
      ['Service', 'serving.knative.dev/v1', { template }, ['spec', 'template']],
    ];
    const list = {
      apiVersion: 'v1',
      kind: 'List',
      items: workloads.map(([kind, apiVersion, spec]) => ({
        apiVersion,
        kind,
        metadata: { name: 'w' },
        spec,
      })),
    };
    const input = `${asyncFunction}---\n${JSON.stringify(list)}`;
    const { code, objects } = await preview(['-f', '-'], input);
    expect(code).toBe(0);
    expect(kinds(objects())).not.toContain('Pod greeter');
    for (const [kind, apiVersion, , path] of workloads) {
      const workload = objects().find(
        (object) => object['kind'] === kind && object['apiVersion'] === apiVersion,
      );
      expect(at(workload, ...path, 'metadata', 'annotations')).toEqual({
        'dapr.io/enabled': 'false',
      });
      expect(Object.keys(at(workload, ...path) as JsonObject).sort()).toEqual(['metadata', 'spec']);
    }
  });

  it('uses Servings and Components of the input, and prints neither', async () => {
    const input = `${asyncFunction}---
apiVersion: core.openfunction.io/v1beta2
kind: Serving
metadata: { name: serving-abcde, labels: { openfunction.io/function: greeter } }
---
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: { name: serving-abcde-pubsub-queue-x7k2p, labels: { openfunction.io/serving: serving-abcde } }
spec: { type: pubsub.redis }
---
apiVersion: v1
kind: Pod
metadata: { name: p, labels: { openfunction.io/serving: serving-abcde } }
spec: { containers: [{ name: function, image: example.com/x:v1 }] }
`;
    const { stdout, objects } = await preview(['-f', '-'], input);
    expect(kinds(objects())).not.toContain('Component greeter-queue');
    expect(kinds(objects())).toContain('Pod p');
    expect(stdout).toContain('"componentName":"serving-abcde-pubsub-queue-x7k2p"');
  });

  it('makes a fresh token where tokens are on', async () => {
    const run = async () => {
      const { objects } = await preview(['-f', '-', '--api-tokens'], asyncFunction);
      const secret = objects().find(({ kind }) => kind === 'Secret');
      return Buffer.from(String(at(secret, 'data', 'token')), 'base64').toString();
    };
    const token = await run();
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(await run()).not.toBe(token);
  });

  it('passes over other kinds with a note, and takes empty documents', async () => {
    const input = `---\n# nothing\n---\n${asyncFunction}---\nkind: ConfigMap\napiVersion: v1\nmetadata: { name: c }\n---\n`;
    const { code, stderr } = await preview(['-f', '-'], input);
    expect(code).toBe(0);
    expect(stderr).toBe('standard input, document 3: ConfigMap default/c: passed over\n');
  });

  it('names file, document, object and field of what is invalid, prints the rest, and exits with 1', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'functions.yaml');
    const bad = asyncFunction
      .replace('name: greeter', 'name: bad')
      .replace(
        'serving:',
        'serving:\n    annotations: { openfunction.io/dapr-service-mode: proxy }',
      );
    await writeFile(file, `${asyncFunction}---\n${bad}---\nfoo: [\n---\njust: this\n`);
    const { code, stderr, objects } = await preview(['-f', folder]);
    expect(code).toBe(1);
    expect(kinds(objects())).toContain('Function greeter');
    expect(kinds(objects())).not.toContain('Function bad');
    expect(stderr).toContain(
      `error: ${file}, document 2: Function default/bad: spec.serving.annotations[openfunction.io/dapr-service-mode]: Unsupported value: "proxy": supported values: "standalone", "sidecar"\n`,
    );
    expect(stderr).toMatch(/error: .*functions\.yaml, document 3: /);
    expect(stderr).toMatch(/error: .*document 4: not a Kubernetes object: kind is not set/);
  });

  it.each([
    ['a file that is not there', ['-f', 'none.yaml'], 1, /none\.yaml: no such file or folder/],
    ['nothing to read', [], 2, /-f/],
    ['an unknown format', ['-f', '-', '-o', 'xml'], 2, /must be one of yaml, json, diff/],
    ['an unknown option', ['-f', '-', '--what'], 2, /unknown option --what/],
  ])('refuses %s', async (_what, args, expectedCode, expected) => {
    const { code, stdout, stderr } = await preview(args);
    expect([code, stdout]).toEqual([expectedCode, '']);
    expect(stderr).toMatch(expected);
  });

  it('reads the samples without a problem or a warning', async () => {
    const { code, stderr, objects } = await preview(['-f', 'manifests/samples']);
    expect(code).toBe(0);
    expect(stderr).not.toContain('warning');
    expect(objects().length).toBeGreaterThan(40);
  });
});

describe('preview with settings', () => {
  const overriding = asyncFunction.replace(
    'serving:',
    `serving:
    annotations:
      baas.openfunction.io/proxy-replicas: unmanaged
      baas.openfunction.io/proxy-labels: team=checkout
      baas.openfunction.io/proxy-memory-limit: 64Mi
      baas.openfunction.io/proxy-tolerations: a:Never`,
  );

  it('shows what a Function overrides, and warns of what is wrong with that', async () => {
    const args = ['-f', '-', '--proxy-labels', 'team=platform,tier=proxy'];
    const { code, stderr, objects } = await preview(args, overriding);
    expect(code).toBe(0);
    const deployment = objects().find(({ kind }) => kind === 'Deployment');
    expect(at(deployment, 'spec')).not.toHaveProperty('replicas');
    for (const metadata of [
      at(deployment, 'metadata'),
      at(deployment, 'spec', 'template', 'metadata'),
    ]) {
      expect(at(metadata, 'labels')).toMatchObject({ team: 'checkout', tier: 'proxy' });
    }
    const warning = (name: string): string =>
      `standard input, document 1: Function default/greeter: warning: spec.serving.annotations[baas.openfunction.io/${name}]: `;
    const instead = '; the setting of the cluster holds instead';
    expect(stderr.trimEnd().split('\n')).toEqual([
      `${warning('proxy-tolerations')}Invalid value: "a:Never": has an unknown effect in "a:Never"; there are NoSchedule, PreferNoSchedule, NoExecute${instead}`,
      `${warning('proxy-memory-limit')}the request "96Mi" is above the limit "64Mi"${instead}`,
    ]);
  });

  it('takes them from a file, under variables and flags', async () => {
    const file = join(await temporaryFolder(), 'settings.yaml');
    await writeFile(
      file,
      'proxy-image: example.com/file:v1\nproxy-replicas: 2\nproxy-priority-class: file\nrepair-rate: 5\n',
    );
    const result = await runProgram(['preview', '-f', '-', '--proxy-priority-class', 'flag'], {
      input: asyncFunction,
      environment: { SETTINGS_FILE: file, PROXY_REPLICAS: '3' },
    });
    expect([result.code, result.stderr]).toEqual([0, '']);
    const deployment = documentsOf(result.stdout).find(({ kind }) => kind === 'Deployment');
    const [container] = objectsOf(at(deployment, 'spec', 'template', 'spec', 'containers'));
    expect(container?.item['image']).toBe('example.com/file:v1');
    expect(at(deployment, 'spec', 'replicas')).toBe(3);
    expect(at(deployment, 'spec', 'template', 'spec', 'priorityClassName')).toBe('flag');
  });

  it('refuses a file with every problem at once, and exits with 2', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'settings.yaml');
    await writeFile(file, 'proxy-replica: 1\nproxy-cpu-limit: much\n');
    const refused = await preview(['-f', '-', '--what', '--settings-file', file], asyncFunction);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr.trimEnd().split('\n')).toEqual([
      'preview: unknown option --what; see --help',
      `preview: ${file}: unknown setting proxy-replica; did you mean proxy-replicas?`,
      `preview: ${file}: proxy-cpu-limit: must be a Kubernetes quantity such as 500m or 2, or none`,
    ]);
    const missing = await preview(['-f', '-', '--settings-file', join(folder, 'none')], '');
    expect(missing).toMatchObject({
      code: 2,
      stderr: `preview: ${join(folder, 'none')}: no such file\n`,
    });
  });
});

describe('demo', () => {
  it('ends by itself with exit code 0 and shows each mode', async () => {
    const { code, stdout } = await runProgram(['demo']);
    expect(code).toBe(0);
    for (const mode of ['standalone', 'sidecar', 'disabled']) {
      expect(stdout).toMatch(new RegExp(`^${mode}: `, 'm'));
    }
    expect(stdout).not.toContain('NOT as promised');
    const samples = await readFile(join(repositoryFolder, 'manifests/samples/README.md'), 'utf8');
    const files = [...samples.matchAll(/^\| \[([^\]]+)\]/gm)].map(([, file]) => file);
    expect(files.length).toBeGreaterThan(10);
    for (const file of files) expect(stdout).toContain(` ${file}: `);
  });
});

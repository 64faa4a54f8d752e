import { describe, expect, it } from 'vitest';
import { isMap, type Pair, parse, parseDocument, type Scalar, type YAMLMap } from 'yaml';
import { z } from 'zod';
import type { Json, JsonObject } from '../../src/api/json.ts';
import { serveCommand } from '../../src/commands/serve.ts';
import { logLevels } from '../../src/settings/log-levels.ts';
import type { Option } from '../../src/settings/option.ts';
import { objectAt, pick } from '../support/json.ts';
import { readDocument } from '../support/source-tree.ts';

const valuesText = readDocument('manifests/chart/values.yaml');
const defaults = parse(valuesText) as JsonObject;
const schema = JSON.parse(readDocument('manifests/chart/values.schema.json')) as JsonObject;
const validator = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);

interface Documented {
  readonly path: readonly string[];
  /** What values.yaml says above it. */
  readonly comment: string;
  readonly value: Json;
  /** Whether it has values below it that are documented one by one. */
  readonly isGroup: boolean;
}

/** Every value of values.yaml; where the schema knows no members, a mapping is one value. */
function documentedValues(map: YAMLMap, path: readonly string[] = []): Documented[] {
  return (map.items as Pair<Scalar<string>, YAMLMap | null>[]).flatMap(({ key, value }, index) => {
    const at = [...path, key.value];
    // The comment above a mapping's first key is the mapping's own.
    const comment = key.commentBefore ?? (index === 0 ? map.commentBefore : undefined);
    const isGroup = isMap(value) && value.items.length > 0 && hasMembers(at);
    const own: Documented = {
      path: at,
      comment: asSentence(comment),
      value: (value?.toJSON() ?? null) as Json,
      isGroup,
    };
    return isGroup ? [own, ...documentedValues(value, at)] : [own];
  });
}

/** The last paragraph of a comment, on one line. */
function asSentence(comment: string | null | undefined): string {
  const paragraph = (comment ?? '').split(/\n\s*\n/).at(-1) ?? '';
  return paragraph.replaceAll(/\s+/g, ' ').trim();
}

const schemaAt = (path: readonly string[]): JsonObject =>
  objectAt(schema, ...path.flatMap((name) => ['properties', name]));

const hasMembers = (path: readonly string[]): boolean => schemaAt(path)['properties'] !== undefined;

const documented = documentedValues(parseDocument(valuesText).contents as YAMLMap);
const leaves = documented.filter(({ isGroup }) => !isGroup);

/** Paths of everything that the schema knows, but the members of free objects. */
function schemaPaths(node: JsonObject, path: readonly string[] = []): string[] {
  return Object.entries(objectAt(node, 'properties')).flatMap(([name, member]) => {
    const at = [...path, name];
    const isFree = pick(defaults, ...at) !== undefined && isEmptyObject(pick(defaults, ...at));
    return pick(member, 'properties') === undefined || isFree
      ? [at.join('.')]
      : [at.join('.'), ...schemaPaths(member as JsonObject, at)];
  });
}

const isEmptyObject = (value: Json | undefined): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;

/** The defaults with other values at some paths. */
function withValues(values: Record<string, Json>): JsonObject {
  const copy = structuredClone(defaults);
  for (const [path, value] of Object.entries(values)) {
    const names = path.split('.');
    const last = names.pop() ?? '';
    let node = copy;
    for (const name of names) {
      node[name] ??= {};
      node = node[name] as JsonObject;
    }
    node[last] = value;
  }
  return copy;
}

describe('the values', () => {
  it('are each explained above, in the words that the schema and the README have', () => {
    const rows = readDocument('manifests/chart/README.md')
      .split('\n')
      .filter((line) => /^\| `[a-zA-Z.]+` \| `/.test(line));
    const expected = leaves.map(
      ({ path, value, comment }) =>
        `| \`${path.join('.')}\` | \`${JSON.stringify(value)}\` | ${comment} |`,
    );
    expect(rows).toEqual(expected);
    for (const { path, comment } of documented) {
      expect(comment, path.join('.')).toMatch(/^[A-Z].*\.$/);
      expect(schemaAt(path)['description'], path.join('.')).toBe(comment);
    }
  });

  it('are those that the schema has', () => {
    // Helm hands this one to every chart below another; nobody sets it here.
    const known = schemaPaths(schema).filter((path) => path !== 'global');
    expect(known.toSorted()).toEqual(documented.map(({ path }) => path.join('.')).toSorted());
  });

  it('are closed: nothing may be misspelt anywhere', () => {
    for (const { path } of documented.filter(({ isGroup }) => isGroup)) {
      expect(schemaAt(path)['additionalProperties'], path.join('.')).toBe(false);
    }
    expect(schema['additionalProperties']).toBe(false);
    expect(schemaAt(['settings'])['additionalProperties']).toBe(false);
  });
});

/** Whether each of the values at a path has to be there. */
const areRequired = (path: readonly string[]): boolean => {
  const node = path.length === 0 ? schema : schemaAt(path);
  const names = Object.keys(objectAt(node, 'properties')).filter((name) => name !== 'global');
  return JSON.stringify(node['required']) === JSON.stringify(names);
};

describe('the schema', () => {
  it('accepts the defaults', () => {
    expect(validator.safeParse(defaults).error).toBeUndefined();
  });

  // Helm takes a default away where somebody sets null. A template without it would, for one,
  // make a webhook without a failurePolicy, and an API server reads Fail.
  it('lets no value be taken away', () => {
    expect(areRequired([])).toBe(true);
    const groups = documented.filter(({ isGroup }) => isGroup).map(({ path }) => path);
    expect(groups.filter((path) => !areRequired(path))).toEqual([]);
  });

  const sound: readonly Record<string, Json>[] = [
    { 'image.digest': `sha256:${'0123456789abcdef'.repeat(4)}` },
    { 'image.repository': 'registry.example.com:5000/tools/openfunction-dapr-webhook' },
    { 'certificates.source': 'cert-manager' },
    {
      'certificates.certManager.issuerRef': {
        name: 'company-ca',
        kind: 'ClusterIssuer',
        group: 'cert-manager.io',
      },
    },
    { 'failurePolicy.pods': 'Fail', timeoutSeconds: 3 },
    { hostNetwork: true, 'ports.admission': 10250 },
    { settings: { 'proxy-replicas': 2, 'proxy-memory-limit': '512Mi', 'network-policy': false } },
    { settings: { 'proxy-labels': { team: 'platform' }, 'proxy-tolerations': ['spot'] } },
    { tolerations: [{ key: 'spot', operator: 'Exists' }], podLabels: { team: 'platform' } },
    { 'networkPolicy.healthFrom': [{ namespaceSelector: {} }] },
    { global: { imageRegistry: 'example.com' } },
  ];
  it.each(sound)('accepts %j', (values) => {
    expect(validator.safeParse(withValues(values)).error).toBeUndefined();
  });

  const nonsense: readonly Record<string, Json>[] = [
    { replica: 3 },
    { replicas: 0 },
    { replicas: '2' },
    { replicas: 1.5 },
    { 'image.tag': 'not a tag' },
    { 'image.digest': 'md5:0' },
    { 'image.pullPolicy': 'Sometimes' },
    { 'image.pullSecrets': 'registry' },
    { 'image.registry': 'example.com' },
    { apiTokens: true },
    { apiTokens: 'yes' },
    { 'failurePolicy.pods': 'ignore' },
    { failurePolicy: 'Fail' },
    { timeoutSeconds: 0 },
    { timeoutSeconds: 30 },
    { excludedNamespaces: 'kube-system' },
    { excludedNamespaces: ['Kube-System'] },
    { 'certificates.source': 'letsencrypt' },
    { 'certificates.secretName': 'Not A Name' },
    { 'certificates.certManager.issuerRef': { kind: 'Issuer', namme: 'x' } },
    { 'certificates.certManager.duration': '90 days' },
    { hostNetwork: 'true' },
    { 'ports.admission': 443 },
    { 'ports.health': 70_000 },
    { 'priorityClass.value': 2_000_000_000 },
    { 'shutdown.delaySeconds': -1 },
    { 'networkPolicy.enabled': 'yes' },
    { 'metrics.serviceMonitor.interval': 'often' },
    { 'podLabels.team': 1 },
    { 'uninstall.proxies': 'maybe' },
    { 'settings.proxy-replica': 2 },
    { 'settings.port': 8443 },
    { 'settings.proxy-replicas': { count: 2 } },
    { 'settings.log-level': 'loud' },
    { 'settings.network-policy': 'yes' },
    { 'settings.shutdown-timeout': '20s' },
  ];
  it.each(nonsense)('refuses %j', (values) => {
    expect(validator.safeParse(withValues(values)).success).toBe(false);
  });
});

describe('the settings', () => {
  /** What the chart decides by other values, or by how it sets the pods up. */
  const decided = new Set([
    'port',
    'health-port',
    'kubeconfig',
    'service-account-dir',
    'settings-file',
    'excluded-namespaces',
    'certificates',
    'cert-dir',
    'certificate-secret',
    'service-name',
    'service-namespace',
    'leader-elect',
    'lease-name',
    'lease-namespace',
  ]);

  const shutdownTimeout = {
    type: ['string', 'number'],
    pattern: '^[0-9]{1,4}([.][0-9]{1,3})?$',
    minimum: 0,
    maximum: 3600,
  };

  /** What the schema says of a setting. Most are read by the process alone, and it is the one that knows them. */
  const shapeOf = ({ flag, placeholder, isList, isMap: isMapping }: Option) => {
    if (placeholder === undefined) return { enum: [true, false, 'true', 'false'] };
    // The chart reckons with it.
    if (flag === 'shutdown-timeout') return shutdownTimeout;
    if (flag === 'log-level') return { enum: [...logLevels] };
    const types = ['string', 'number', 'boolean'];
    return { type: [...types, ...(isList ? ['array'] : []), ...(isMapping ? ['object'] : [])] };
  };

  it('are those of the process that the chart runs, in the same words', () => {
    const options: readonly Option[] = Object.values(serveCommand.options);
    const expected = options
      .filter(({ flag }) => !decided.has(flag))
      .map((option) => [option.flag, { description: option.help, ...shapeOf(option) }]);
    expect(schemaAt(['settings'])['properties']).toEqual(Object.fromEntries(expected));
    const flags = new Set(options.map(({ flag }) => flag));
    expect([...decided].filter((flag) => !flags.has(flag))).toEqual([]);
  });
});

describe('the time for a shutdown', () => {
  const takes = (text: string): boolean =>
    'value' in serveCommand.options.shutdownTimeout.schema.read(text) &&
    validator.safeParse(withValues({ 'settings.shutdown-timeout': Number(text) })).success;
  const refuses = (text: string): boolean =>
    'problem' in serveCommand.options.shutdownTimeout.schema.read(text) &&
    !validator.safeParse(withValues({ 'settings.shutdown-timeout': Number(text) })).success;

  it('has the same bounds for the chart and for the process', () => {
    expect(['0', '0.5', '3600'].filter((text) => !takes(text))).toEqual([]);
    expect(['-1', '3601'].filter((text) => !refuses(text))).toEqual([]);
  });
});

describe('the chart', () => {
  it('is of the version of the project', () => {
    const { version } = JSON.parse(readDocument('package.json'));
    const chart = parse(readDocument('manifests/chart/Chart.yaml'));
    expect(chart).toMatchObject({ version, appVersion: version, apiVersion: 'v2' });
    expect(readDocument('manifests/chart/README.md')).toContain(
      `openfunction-dapr-webhook:${version}`,
    );
  });
});

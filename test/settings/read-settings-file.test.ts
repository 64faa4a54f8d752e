import { describe, expect, it } from 'vitest';
import * as options from '../../src/settings/options.ts';
import { parseSettings, writtenText } from '../../src/settings/parse-settings.ts';
import { readSettingsFile } from '../../src/settings/read-settings-file.ts';
import type { WrittenSettings } from '../../src/settings/written.ts';

const table = {
  settingsFile: options.settingsFile,
  port: options.port,
  networkPolicy: options.networkPolicy,
  excludedNamespaces: options.excludedNamespaces,
  proxyReplicas: options.proxyReplicas,
  proxyCpuRequest: options.proxyCpuRequest,
  proxyCpuLimit: options.proxyCpuLimit,
  proxyTolerations: options.proxyTolerations,
  proxyLabels: options.proxyLabels,
  proxyAnnotations: options.proxyAnnotations,
};

function fileOf(content: unknown, problems: string[] = []): WrittenSettings {
  return readSettingsFile(table, { path: 'settings.yaml', content, problems });
}

function read(content: unknown, args: string[] = [], environment: Record<string, string> = {}) {
  const parsed = parseSettings(table, args, environment, fileOf(content));
  if ('problems' in parsed) throw new Error(parsed.problems.join('; '));
  return parsed.settings;
}

function problems(content: unknown, args: string[] = [], environment = {}): readonly string[] {
  const parsed = parseSettings(table, args, environment, fileOf(content));
  return 'problems' in parsed ? parsed.problems : [];
}

describe('a settings file', () => {
  it('holds settings by the names of their flags', () => {
    expect(
      read({ port: '8443', 'proxy-replicas': 'unmanaged', 'network-policy': 'false' }),
    ).toMatchObject({
      port: 8443,
      proxyReplicas: 'unmanaged',
      networkPolicy: false,
    });
  });

  it('gives way to flag and variable, and a variable to a flag', () => {
    const content = { port: '1', 'proxy-replicas': '1', 'excluded-namespaces': ['one'] };
    const environment = { PROXY_REPLICAS: '2', EXCLUDED_NAMESPACES: 'two', PORT: '' };
    expect(read(content, ['--proxy-replicas', '3'], environment)).toMatchObject({
      port: 1,
      proxyReplicas: 3,
      excludedNamespaces: ['two'],
    });
    expect(read({ 'network-policy': 'true' }, ['--no-network-policy']).networkPolicy).toBe(false);
    expect(read({ 'proxy-labels': 'a=b,c=d' }, ['--proxy-labels', 'e=f']).proxyLabels).toEqual({
      e: 'f',
    });
  });

  it('may hold nothing, and nothing for a setting', () => {
    const defaults = parseSettings(table, [], {});
    for (const content of [
      null,
      {},
      { port: null, 'excluded-namespaces': '', 'proxy-labels': null },
    ]) {
      expect({ settings: read(content) }).toEqual(defaults);
    }
  });

  it('writes lists as lists or as one text, and an empty one as none', () => {
    for (const value of [['a', 'b'], 'a,b', ' a, b, ']) {
      expect(read({ 'excluded-namespaces': value }).excludedNamespaces).toEqual(['a', 'b']);
    }
    expect(read({ 'excluded-namespaces': [] }).excludedNamespaces).toEqual([]);
  });

  it('writes keys and values as a mapping, a list or one text', () => {
    for (const value of [{ a: 'b', 'c.com/d': '' }, ['a=b', 'c.com/d='], 'a=b,c.com/d=']) {
      expect(read({ 'proxy-labels': value }).proxyLabels).toEqual({ a: 'b', 'c.com/d': '' });
    }
    const text = 'one, two = three';
    expect(read({ 'proxy-annotations': { a: text } }).proxyAnnotations).toEqual({ a: text });
    expect(read({ 'proxy-annotations': [`a=${text}`] }).proxyAnnotations).toEqual({ a: text });
  });

  it('is passed over where it speaks of settings that only other commands take', () => {
    const content = { 'log-level': 'loud', 'repair-rate': 'x', 'lease-name': ['a'], filename: 'a' };
    expect(problems(content)).toEqual([]);
  });

  it('has every problem reported at once, beside those of flags and variables', () => {
    const content = {
      'proxy-replica': '1',
      proxyReplicas: '1',
      PROXY_LABELS: 'a=b',
      tolerations: [],
      '': 'x',
      'settings-file': 'other.yaml',
      port: 'https',
      'network-policy': 'on',
      'excluded-namespaces': [['kube-system']],
      'proxy-replicas': ['1', '2'],
      'proxy-cpu-limit': { cpu: '1' },
      'proxy-tolerations': 'a:Never',
      'proxy-labels': { team: ['a'] },
      'proxy-annotations': [{ a: 'b' }],
    };
    expect(problems(content, ['--prot', '1'], { PROXY_CPU_REQUEST: 'x' })).toEqual([
      'unknown option --prot; did you mean --port?',
      'unexpected argument "1"',
      'settings.yaml: unknown setting proxy-replica; did you mean proxy-replicas?',
      'settings.yaml: unknown setting proxyReplicas; did you mean proxy-replicas?',
      'settings.yaml: unknown setting PROXY_LABELS; did you mean proxy-labels?',
      'settings.yaml: unknown setting tolerations',
      'settings.yaml: unknown setting ',
      'settings.yaml: settings-file: cannot be set in the file itself',
      'settings.yaml: excluded-namespaces: must be a list of plain values',
      'settings.yaml: proxy-replicas: must be one value',
      'settings.yaml: proxy-cpu-limit: must be one value',
      'settings.yaml: proxy-labels: must map names to plain values',
      'settings.yaml: proxy-annotations: must be a list of plain values',
      'settings.yaml: port: must be a port number from 0 to 65535',
      'settings.yaml: network-policy: must be true or false',
      'PROXY_CPU_REQUEST: must be a Kubernetes quantity such as 500m or 2, or none',
      'settings.yaml: proxy-tolerations: has an unknown effect in "a:Never"; there are NoSchedule, PreferNoSchedule, NoExecute',
    ]);
  });

  it.each(['text', ['port'], 5, true].map((content) => [content]))('is not %j', (content) => {
    expect(problems(content)).toEqual([
      'settings.yaml: must be a mapping from the names of settings to their values',
    ]);
  });

  it('is named by what kept it from being read', () => {
    const parsed = parseSettings(table, ['--what'], {}, fileOf(null, ['no such file']));
    expect(parsed).toEqual({
      problems: ['unknown option --what; see --help', 'settings.yaml: no such file'],
    });
  });
});

describe('the path of the settings file', () => {
  const { settingsFile } = options;

  it('comes from flag or variable, of a command that takes it', () => {
    const environment = { SETTINGS_FILE: 'b' };
    expect(writtenText(settingsFile, table, ['--settings-file', 'a'], environment)).toBe('a');
    expect(writtenText(settingsFile, table, [], environment)).toBe('b');
    expect(writtenText(settingsFile, table, [], {})).toBeUndefined();
    expect(writtenText(settingsFile, { port: options.port }, [], environment)).toBeUndefined();
  });
});

describe('a request above its limit', () => {
  it('names both places', () => {
    const content = { 'proxy-cpu-request': '2' };
    expect(problems(content)).toEqual([
      'settings.yaml: proxy-cpu-request: the request "2" is above the limit "1" (--proxy-cpu-limit)',
    ]);
    expect(problems(content, [], { PROXY_CPU_LIMIT: '1500m' })).toEqual([
      'settings.yaml: proxy-cpu-request: the request "2" is above the limit "1500m" (PROXY_CPU_LIMIT)',
    ]);
    expect(problems({}, ['--proxy-cpu-limit=10m'])).toEqual([
      '--proxy-cpu-request: the request "50m" is above the limit "10m" (--proxy-cpu-limit)',
    ]);
  });

  it('is none where one of them is none, or wrong itself', () => {
    for (const limit of ['none', '2', '2000m']) {
      expect(problems({ 'proxy-cpu-request': '2', 'proxy-cpu-limit': limit })).toEqual([]);
    }
    expect(problems({ 'proxy-cpu-request': '2', 'proxy-cpu-limit': 'x' })).toHaveLength(1);
  });
});

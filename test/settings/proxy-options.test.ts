import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { BaasAnnotation } from '../../src/api/keys.ts';
import { overrideAnnotations } from '../../src/rules/proxy/proxy-settings.ts';
import type { Option } from '../../src/settings/option.ts';
import { parseSettings } from '../../src/settings/parse-settings.ts';
import { proxyOptions, proxySettingsOf } from '../../src/settings/proxy-options.ts';
import { readSettingsFile } from '../../src/settings/read-settings-file.ts';
import { desired, proxySettings, theOne } from '../support/desired.ts';
import { functionInMode } from '../support/functions.ts';
import { readDocument } from '../support/source-tree.ts';

function settingsOf(args: readonly string[], content?: unknown) {
  const file = { path: 'settings.yaml', content, problems: [] };
  const inFile = content === undefined ? undefined : readSettingsFile(proxyOptions, file);
  const parsed = parseSettings(proxyOptions, args, {}, inFile);
  if ('problems' in parsed) throw new Error(parsed.problems.join('; '));
  return proxySettingsOf(parsed.settings);
}

function problems(...args: string[]): readonly string[] {
  const parsed = parseSettings(proxyOptions, args, {});
  return 'problems' in parsed ? parsed.problems : [];
}

describe('the settings of proxies', () => {
  it('have defaults that make a Deployment as it is wanted', () => {
    const settings = settingsOf([]);
    expect(settings).toEqual({ ...proxySettings, image: settings.image });
    expect(desired(functionInMode('standalone'), settings)).not.toEqual([]);
  });

  it('come from flags, lists in one or several', () => {
    const settings = settingsOf([
      '--proxy-replicas=unmanaged',
      '--proxy-cpu-request=none',
      '--proxy-memory-limit=0.5Gi',
      '--proxy-node-selector=a=b,c=d',
      '--proxy-node-selector=e=f',
      '--proxy-tolerations=*',
      '--proxy-tolerations=a:NoExecute:5,b',
      '--proxy-priority-class=high',
      '--proxy-image-pull-secrets=one,two,one',
      '--proxy-labels=team=platform',
      '--proxy-annotations=Example.com/note=a=b',
      '--no-network-policy',
    ]);
    expect(settings).toMatchObject({
      replicas: 'unmanaged',
      resources: { cpuRequest: undefined, cpuLimit: '1', memoryLimit: '512Mi' },
      nodeSelector: { a: 'b', c: 'd', e: 'f' },
      tolerations: [
        { operator: 'Exists' },
        { key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 },
        { key: 'b', operator: 'Exists' },
      ],
      priorityClass: 'high',
      imagePullSecrets: ['one', 'two'],
      labels: { team: 'platform' },
      annotations: { 'Example.com/note': 'a=b' },
      networkPolicy: false,
    });
  });

  it.each([
    ['--proxy-replicas=101', 'must be a number from 0 to 100, or unmanaged'],
    ['--proxy-cpu-limit=1Kb', 'must be a Kubernetes quantity such as 500m or 2, or none'],
    ['--proxy-memory-limit=1m', 'must be a Kubernetes quantity such as 256Mi or 1Gi, or none'],
    ['--proxy-node-selector=a', 'must be key=value; "a" is not'],
    ['--proxy-priority-class=High', 'must be the name of a PriorityClass'],
    ['--proxy-image-pull-secrets=a,B', 'must be names of Secrets; "B" is none'],
    ['--proxy-image=a b', 'must be an image reference without spaces'],
    [
      '--proxy-labels=dapr.io/enabled=true',
      '"dapr.io/enabled" is for OpenFunction, Dapr and this project to write',
    ],
  ])('refuse %s', (arg, problem) => {
    expect(problems(arg)).toEqual([`${arg.split('=', 1)[0]}: ${problem}`]);
  });

  it('are each overridden by the annotation of their name, but for the domain of the cluster', () => {
    const flags = (Object.values(proxyOptions) as Option[])
      .map(({ flag }) => flag)
      .filter((flag) => flag !== 'cluster-domain');
    // The one that is older than the others speaks of one token.
    const annotations = flags.map((flag) =>
      flag === 'api-tokens' ? BaasAnnotation.apiToken : `baas.openfunction.io/${flag}`,
    );
    expect([...overrideAnnotations].sort()).toEqual(annotations.sort());
  });
});

describe("the README's example of a settings file", () => {
  it('is one', () => {
    const [, example] = /```yaml\n(apiVersion: v1\nkind: ConfigMap\n[\s\S]*?)```/.exec(
      readDocument('README.md'),
    ) ?? ['', ''];
    const text = parseDocument(example).toJS().data['settings.yaml'];
    const content: unknown = parseDocument(text, { schema: 'failsafe' }).toJS();
    const settings = settingsOf([], content);
    expect(settings).toMatchObject({ replicas: 2, labels: { team: 'platform' } });
    expect(settings.tolerations).toHaveLength(2);
    expect(theOne(desired(functionInMode('standalone'), settings), 'Deployment')).toBeDefined();
  });
});

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { functionVersions } from '../../../src/api/keys.ts';
import { introduction } from '../../cluster/playground/introduction.ts';
import { repositoryFolder } from '../../support/source-tree.ts';

const facts = {
  functions: 'v1beta2',
  folder: '/tmp/play',
  kubeconfig: '/tmp/play/admin.kubeconfig',
  logFile: '/tmp/play/webhook.log',
  kubectl: undefined,
} as const;

describe('the introduction', () => {
  it('says how to get there, where the log is, what does not happen, and how to stop', () => {
    const text = introduction(facts);
    expect(text).toContain('\n  export KUBECONFIG=/tmp/play/admin.kubeconfig\n');
    for (const word of ['/tmp/play/webhook.log', 'no kubelet', 'stay Pending', 'Ctrl-C']) {
      expect(text.replaceAll(/\s+/g, ' ')).toContain(word);
    }
  });

  it('brings a kubectl to those who have none', () => {
    expect(introduction(facts)).not.toContain('PATH');
    expect(introduction({ ...facts, kubectl: "/it's here/kubectl" })).toContain(
      `\n  export PATH='/it'\\''s here':"$PATH"\n`,
    );
  });

  it.each(functionVersions)('has four commands for %s, of files that exist', (functions) => {
    const commands = introduction({ ...facts, functions }).match(/^ {2}kubectl .*$/gm) ?? [];
    expect(commands).toHaveLength(4);
    const files = commands.join().match(/manifests\/samples\/[\w./-]+/g) ?? [];
    expect(files.length).toBeGreaterThan(1);
    for (const file of files) expect(existsSync(join(repositoryFolder, file))).toBe(true);
  });
});

import { describe, expect, onTestFinished, test } from 'vitest';
import { commandList } from '../../../src/commands/command-list.ts';
import { version } from '../../../src/settings/version.ts';
import { runProgram } from '../../support/run-process.ts';
import type { BuiltImage } from '../harness/built-image.ts';

const sample = 'manifests/samples/cron-to-kafka.yaml';

export function commandsSuite(image: () => BuiltImage): void {
  describe('commands that end', () => {
    test('tell the version', async () => {
      expect(await image().run(['--version'])).toEqual({
        ...{ code: 0, stdout: `${version}\n`, stderr: '' },
      });
    });

    test.each(Object.keys(commandList))('explain %s', async (command) => {
      const { code, stdout } = await image().run([command, '--help']);
      expect(code).toBe(0);
      expect(stdout).toContain(`Usage: openfunction-dapr-webhook ${command}`);
    });

    test.each(['yaml', 'json', 'diff'])('preview as %s what the sources do', async (format) => {
      const flags = ['-o', format];
      const expected = await runProgram(['preview', '-f', sample, ...flags]);
      const ours = await image().run(['preview', '-f', `/app/${sample}`, ...flags]);
      expect(ours.code).toBe(0);
      expect(ours.stdout).toBe(expected.stdout);
    });

    test('preview what comes on standard input', async () => {
      const input =
        'apiVersion: v1\nkind: Pod\nmetadata: { name: alone }\nspec: { containers: [] }\n';
      const { code, stdout } = await image().run(['preview', '-f', '-'], { input });
      expect(code).toBe(0);
      expect(stdout).toContain('name: alone');
    });

    test('show the demo, where there is a folder to write to', async () => {
      const { code, stdout } = await image().run(['demo'], { writable: ['/tmp'] });
      expect(code).toBe(0);
      expect(stdout).toMatch(/(\d+) of \1 objects came out as their samples promise\.\n$/);
    });

    test('say what is missing when nothing is given', async () => {
      const { code, stdout } = await image().run([]);
      expect(code).toBe(1);
      expect(stdout).toContain('no way to the cluster');
    });

    test.each(['serve', 'webhook', 'controller', 'proxy'])(
      'start %s with code that was compiled ahead',
      async (command) => {
        const environment = { NODE_DEBUG_NATIVE: 'COMPILE_CACHE' };
        const { stdout, stderr } = await image().run([command, '--help'], { environment });
        const lookUps = `${stdout}${stderr}`.match(/^.*reading cache from .*$/gm) ?? [];
        expect(lookUps).not.toEqual([]);
        expect(lookUps.filter((line) => !line.includes('success'))).toEqual([]);
        expect(`${stdout}${stderr}`).toMatch(/run-command\.js was accepted/);
        expect(`${stdout}${stderr}`).not.toContain('rejected');
      },
    );

    test.each(['/bin/sh', 'sh', 'npm'])('are not %s, which the image has not', async (program) => {
      const { code, stderr } = await image().run([], { entryPoint: program });
      expect(code).not.toBe(0);
      expect(stderr).toMatch(/no such file|not found/);
    });
  });

  test('SIGTERM ends the first process of a container also where it waits for something else', async () => {
    const container = await image().start(['preview', '-f', '-']);
    onTestFinished(() => container.remove());
    const caught = (): Promise<string> =>
      container.evaluate(`
        const { readFile } = await import('node:fs/promises');
        return /^SigCgt:\\s*(\\S+)$/m.exec(await readFile('/proc/1/status', 'utf8'))[1];
      `);
    const terminateBit = 1n << 14n;
    await expect.poll(async () => BigInt(`0x${await caught()}`) & terminateBit).toBe(terminateBit);
    expect(await container.stop()).toBe(128 + 15);
  });

  test('webhook --offline serves admission from files', async () => {
    const container = await image().start(
      ['webhook', '--offline', '-f', '/app/manifests/samples'],
      {
        writable: ['/certs'],
      },
    );
    onTestFinished(() => container.remove());
    await expect.poll(() => container.log()).toContain('"msg":"listening"');
    const admitted = await container.evaluate<{ isAllowed: boolean; patch: unknown[] }>(`
      const { readFile } = await import('node:fs/promises');
      const { AdmissionClient } = await import('/app/dist/commands/demo/admission-client.js');
      const client = new AdmissionClient(9443, await readFile('/certs/ca.crt', 'utf8'));
      const metadata = { generateName: 'a-', labels: { 'openfunction.io/function': 'stock-count' } };
      const object = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [{ name: 'function' }] } };
      const call = { path: '/mutate/pods', operation: 'CREATE', namespace: 'default', object };
      const reply = await client.call(call);
      client.close();
      return reply;
    `);
    expect(admitted.isAllowed).toBe(true);
    expect(admitted.patch).not.toEqual([]);
    expect(await container.stop()).toBe(0);
  });
}

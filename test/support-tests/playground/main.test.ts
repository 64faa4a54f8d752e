import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { programNames } from '../../cluster/assets/program-names.ts';
import { until } from '../../cluster/harness/until.ts';
import { stillRunning } from '../../support/list-processes.ts';
import { RunningPlayground } from '../../support/running-playground.ts';
import { hang, isFakeEtcd, machineWith } from './fake-machine.ts';

describe('the playground', () => {
  it('helps', async () => {
    const playground = new RunningPlayground(['--help'], {});
    expect(await playground.exit()).toBe(0);
    expect(playground.stdout).toContain('npm run playground');
    expect(playground.stderr).toBe('');
  });

  it('refuses a wrong command line', async () => {
    for (const args of [['--fast'], ['--functions', 'v1']]) {
      const playground = new RunningPlayground(args, {});
      expect(await playground.exit()).toBe(2);
      expect(playground.stdout).toBe('');
      expect(playground.stderr).toMatch(/^playground: .*(--fast|--functions).*; see --help\n$/s);
    }
  });

  it('leaves a folder alone that it did not make', async () => {
    const { world, environment } = await machineWith({});
    const mine = join(world.folder, 'mine');
    await mkdir(mine);
    await writeFile(join(mine, 'thesis'), '');
    for (const [folder, reason] of [
      [mine, 'exists'],
      [join(world.folder, 'no', 'where'), 'does not exist'],
    ] as const) {
      const playground = new RunningPlayground(['--folder', folder], environment);
      expect(await playground.exit()).toBe(1);
      expect(playground.stderr).toMatch(new RegExp(`^playground: --folder: .*${reason}.*\n$`));
    }
    expect(await readdir(mine)).toEqual(['thesis']);
  });

  it('says which programs are missing, and where it looked', async () => {
    const { world, temporary, environment } = await machineWith({});
    const { KUBEBUILDER_ASSETS: _assets, ...without } = environment;
    const playground = new RunningPlayground([], {
      ...without,
      // Nothing is downloaded in a test: this proxy is not there.
      NODE_USE_ENV_PROXY: '1',
      HTTPS_PROXY: 'http://127.0.0.1:1',
      PATH: world.environment['PATH'],
    });
    expect(await playground.exit()).toBe(1);
    for (const word of [...programNames, 'the cache', 'https://dl.k8s.io', 'PATH']) {
      expect(playground.stderr).toContain(word);
    }
    expect(await readdir(temporary)).toEqual([]);
  });

  it('says why a program does not start, and leaves nothing', async () => {
    const { temporary, environment } = await machineWith({
      etcd: 'echo "listen tcp 127.0.0.1:2379: bind: address already in use" >&2; exit 1',
    });
    const playground = new RunningPlayground([], environment);
    expect(await playground.exit()).toBe(1);
    expect(playground.stderr).toContain('playground: cannot start\n');
    expect(playground.stderr).toContain('port');
    expect(playground.stderr).toContain('start again');
    expect(playground.stderr).toContain('bind: address already in use');
    expect(playground.stdout).toBe('');
    expect(await readdir(temporary)).toEqual([]);
  });

  it('ends at once when asked twice, whatever hangs', async () => {
    const { world, environment } = await machineWith({ etcd: hang });
    const folder = join(world.folder, 'play');
    const playground = new RunningPlayground(['--folder', folder], environment);
    await until('etcd', async () => (await playground.processes()).some(isFakeEtcd));
    const started = await playground.processes();
    playground.signalForeground('SIGINT');
    // One that comes at the same time is the first one, passed on by npm; of another kind here,
    // because two of one kind may arrive as one.
    playground.signalForeground('SIGTERM');
    await playground.says('stopping');
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(existsSync(folder)).toBe(true);
    playground.signalForeground('SIGINT');
    expect(await playground.exit()).toBe(1);
    expect(existsSync(folder)).toBe(false);
    expect(await stillRunning(started)).toEqual([]);
  });
});

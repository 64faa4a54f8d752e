import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type ListedProcess, stillRunning } from '../support/list-processes.ts';
import { listeningAddresses } from '../support/listening-addresses.ts';
import { RunningPlayground } from '../support/running-playground.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { hang, isFakeEtcd, machineWith } from '../support-tests/playground/fake-machine.ts';
import { type AssetPaths, ensureAssets } from './assets/ensure-assets.ts';
import { enableDapr, serviceMode } from './harness/fixtures.ts';
import { until } from './harness/until.ts';

/** The end of what it says when all is up. */
const isUp = 'The log of webhook and controller follows';

/** What it starts, in this order, each by a part of its command line. */
const programs = {
  session: 'playground/session.ts',
  etcd: 'etcd --data-dir',
  'API server': 'kube-apiserver --',
  'controller manager': 'kube-controller-manager --',
  webhook: 'src/main.ts serve',
} as const;

type Program = keyof typeof programs;

let assets: AssetPaths;

beforeAll(async () => {
  assets = await ensureAssets({ environment: process.env, log: () => undefined });
});

describe('what the playground says', () => {
  it.each([
    {
      version: 'v1beta2',
      hasKubectl: true,
      functionName: 'parcel-tracker',
      pods: [/^parcel-tracker-extra-\S+ .*Pending.* standalone$/gm, 2],
    },
    {
      version: 'v1beta1',
      hasKubectl: false,
      functionName: 'stock-count',
      pods: [/^order-replay-\S+ .*Pending.* standalone$/gm, 1],
    },
  ] as const)(
    'holds, with Functions at $version and a kubectl of the user: $hasKubectl',
    async ({ version, hasKubectl, functionName, pods }) => {
      const machine = await makeMachine({ hasKubectl });
      const playground = new RunningPlayground(['--functions', version], machine.environment);
      await playground.says(isUp);
      const exports = playground.stdout.match(/^ {2}export .*$/gm) ?? [];
      const commands = playground.stdout.match(/^ {2}kubectl .*$/gm) ?? [];
      expect(exports[0]).toMatch(/^ {2}export KUBECONFIG=\S+$/);
      expect(exports.some((line) => line.includes('PATH'))).toBe(!hasKubectl);
      const say = (command = '') => runShell([...exports, command].join('\n'), machine);

      const [first, second, third, fourth] = commands;
      const created = await say(first);
      expect(created).toMatchObject({ code: 0, stderr: '' });
      expect(JSON.parse(/^\{.*\}$/m.exec(created.stdout)?.[0] ?? '')).toEqual({
        [enableDapr]: 'true',
        [serviceMode]: 'standalone',
      });

      const kept = await say(second);
      expect(kept).toMatchObject({ code: 0, stderr: '' });
      for (const kind of ['deployment.apps', 'service', 'networkpolicy.networking.k8s.io']) {
        expect(kept.stdout).toContain(`${kind}/${functionName}-dapr-proxy `);
      }
      expect(kept.stdout).toContain(`component.dapr.io/${functionName}-`);

      const made = await say(third);
      expect(made).toMatchObject({ code: 0, stderr: '' });
      expect(made.stdout.match(pods[0])).toHaveLength(pods[1]);

      const denied = await say(fourth);
      expect(denied.code).toBe(1);
      expect(denied.stderr).toContain('supported values: "standalone", "sidecar"');
      expect(commands).toHaveLength(4);

      await playground.says(' denied ');
      const log = playground.stdout.split(isUp)[1];
      const what = `functions default/${functionName}`;
      const about = `function=${functionName} mode=standalone`;
      expect(log).toContain(` info  admission mutate CREATE ${what} patched ${about} `);
      expect(log).toContain(` info  admission validate UPDATE ${what} denied ${about} `);
      expect(log?.match(/ mutate CREATE pods default\/\S+ patched .* ms$/gm)).toHaveLength(pods[1]);
      const logFile = / it is in (\S+)\.$/m.exec(playground.stdout)?.[1] ?? '';
      expect(await readFile(logFile, 'utf8')).toMatch(/^\{.*"outcome":"denied".*\}$/m);
      // kubectl's cache would be there, and outlive the playground.
      expect(existsSync(join(machine.folder, '.kube'))).toBe(false);

      await expectEnd(playground, machine, () => playground.signalForeground('SIGINT'), 0);
      expect(playground.stderr).toMatch(/stopping\n.*stopped; nothing is left\n$/s);
      expect(playground.stdout).toMatch(/ info {2}stopped\n$/);
    },
  );
});

describe('what the playground runs', () => {
  it('is one of each, on loopback only, and a webhook with no more rights than it needs', async () => {
    const machine = await makeMachine();
    const playground = new RunningPlayground([], machine.environment);
    await playground.says(isUp);
    const processes = await playground.processes();
    for (const part of Object.values(programs)) {
      expect(processes.filter(({ command }) => command.includes(part))).toHaveLength(1);
    }
    if (process.platform === 'linux') {
      const addresses = await listeningAddresses(processes.map(({ id }) => id));
      // Two of etcd, one of the API server, one of the controller manager, two of the webhook.
      expect(addresses).toEqual(Array.from({ length: 6 }, () => '127.0.0.1'));
    }
    const { command } = await find(playground, 'webhook');
    const kubeconfig = / --kubeconfig (\S+)/.exec(command)?.[1];
    for (const [what, answer] of [
      ['list functions.core.openfunction.io', 'yes'],
      ['get secrets', 'no'],
      ['create pods', 'no'],
    ] as const) {
      const asked = `kubectl --kubeconfig ${kubeconfig} auth can-i ${what} -A 2>/dev/null`;
      expect((await runShell(asked, machine)).stdout).toBe(`${answer}\n`);
    }
    await expectEnd(playground, machine, () => process.kill(playground.pid, 'SIGTERM'), 0);
  });
});

describe('nothing is left of the playground', () => {
  const moments = Object.keys(programs) as Program[];
  it.each(moments)('when Ctrl-C comes as it starts its %s', async (program) => {
    const machine = await makeMachine();
    const playground = new RunningPlayground([], machine.environment);
    await find(playground, program);
    await expectEnd(playground, machine, () => playground.signalForeground('SIGINT'), 0);
    expect(playground.stdout).not.toContain(isUp);
  });

  it('when its terminal is closed', async () => {
    const machine = await makeMachine();
    const playground = new RunningPlayground([], machine.environment);
    await playground.says(isUp);
    await expectEnd(playground, machine, () => playground.signalForeground('SIGHUP'), 0);
  });

  it('when nobody reads what it says', async () => {
    const machine = await makeMachine();
    const playground = new RunningPlayground([], machine.environment);
    await playground.says('starting');
    await expectEnd(playground, machine, () => playground.child.stdout?.destroy(), 0);
  });

  it('when it is killed itself', async () => {
    const machine = await makeMachine();
    const playground = new RunningPlayground([], machine.environment);
    await playground.says(isUp);
    await expectEnd(playground, machine, () => process.kill(playground.pid, 'SIGKILL'), null);
  });

  it('when it is killed while a program neither starts nor ends', async () => {
    const machine = await machineWith({ etcd: hang });
    const playground = new RunningPlayground([], machine.environment);
    await until('etcd', async () => (await playground.processes()).some(isFakeEtcd));
    await expectEnd(playground, machine, () => process.kill(playground.pid, 'SIGKILL'), null);
  });

  it('when the process is killed that has started the others', async () => {
    const machine = await makeMachine();
    const playground = new RunningPlayground([], machine.environment);
    await playground.says(isUp);
    const { id } = await find(playground, 'session');
    await expectEnd(playground, machine, () => process.kill(id, 'SIGKILL'), 1);
    expect(playground.stderr).toContain('ended by SIGKILL');
  });

  it('when the webhook ends', async () => {
    const machine = await makeMachine();
    const playground = new RunningPlayground([], machine.environment);
    await playground.says(isUp);
    const { id } = await find(playground, 'webhook');
    await expectEnd(playground, machine, () => process.kill(id, 'SIGKILL'), 1);
    expect(playground.stderr).toContain('the webhook ended');
  });
});

interface Machine {
  /** Where temporary files go. */
  readonly temporary: string;
  readonly environment: Record<string, string | undefined>;
}

/** This machine with nothing on the PATH, but a kubectl where asked for. */
async function makeMachine({ hasKubectl = true } = {}): Promise<Machine & { folder: string }> {
  const folder = await temporaryFolder();
  const [temporary, programsFolder] = [join(folder, 'temporary'), join(folder, 'bin')];
  await mkdir(temporary);
  await mkdir(programsFolder);
  if (hasKubectl) await symlink(assets.kubectl, join(programsFolder, 'kubectl'));
  const environment = { ...process.env, TMPDIR: temporary, PATH: programsFolder };
  return { folder, temporary, environment };
}

/** Runs commands as in another terminal, in another folder. */
function runShell(
  script: string,
  { folder, environment }: Machine & { folder: string },
): Promise<{ code: number; stdout: string; stderr: string }> {
  const options = { cwd: folder, env: { PATH: environment['PATH'], HOME: folder } };
  return new Promise((resolve) => {
    execFile('/bin/sh', ['-c', script], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

/** Waits for one of its programs. */
async function find(playground: RunningPlayground, program: Program): Promise<ListedProcess> {
  let found: ListedProcess | undefined;
  await until(program, async () => {
    const processes = await playground.processes();
    found = processes.find(({ command }) => command.includes(programs[program]));
    return found !== undefined;
  });
  if (found === undefined) throw new Error(`no ${program}`);
  return found;
}

/** Ends it, and looks for what it left. */
async function expectEnd(
  playground: RunningPlayground,
  { temporary }: Machine,
  end: () => void,
  code: number | null,
): Promise<void> {
  const started = await playground.processes();
  expect(started.length).toBeGreaterThan(0);
  expect(await readdir(temporary)).toHaveLength(1);
  end();
  expect(await playground.exit()).toBe(code);
  expect(await readdir(temporary)).toEqual([]);
  expect(await stillRunning(started)).toEqual([]);
}

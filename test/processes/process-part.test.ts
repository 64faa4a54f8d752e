import { once } from 'node:events';
import { type AddressInfo, createServer, Server } from 'node:net';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { OpenedSource } from '../../src/processes/open-source.ts';
import {
  type ProcessPart,
  type RunningParts,
  startParts,
} from '../../src/processes/process-part.ts';

const settings = { healthPort: 0, listenAddress: '127.0.0.1' };

/** What happened to the parts and to the source, oldest first. */
let history: string[];
let opened: OpenedSource;
/** Servers that were told to listen, oldest first. */
let servers: readonly Server[];

beforeEach(() => {
  const listen = vi.spyOn(Server.prototype, 'listen');
  onTestFinished(() => listen.mockRestore());
  servers = listen.mock.contexts as Server[];
  history = [];
  opened = {
    source: {} as OpenedSource['source'],
    missing: () => [],
    staleness: () => [{ resource: 'functions.core.openfunction.io', seconds: 7 }],
    stop: async () => {
      history.push('source stopped');
    },
  };
});

function part(name: string, options: Partial<ProcessPart> = {}): ProcessPart {
  history.push(`${name} started`);
  return {
    missing: () => [],
    stop: async () => {
      history.push(`${name} stopped`);
    },
    ...options,
  };
}

async function start(...starters: (() => ProcessPart | Promise<ProcessPart>)[]) {
  const running = await startParts(settings, opened, starters);
  onTestFinished(() => running.stop().catch(() => undefined));
  return running;
}

async function ask(
  { healthPort }: Pick<RunningParts<[]>, 'healthPort'>,
  path: string,
): Promise<[status: number, body: string]> {
  const answer = await fetch(`http://127.0.0.1:${healthPort}${path}`);
  return [answer.status, await answer.text()];
}

/** A port that nobody can listen on. */
async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return portOf(server);
}

function portOf(server: Server | undefined): number {
  const { port } = (server?.address() ?? { port: 0 }) as AddressInfo;
  return port;
}

describe('the parts of a process', () => {
  test('start one after another, and are given back in their places', async () => {
    const first = { ...part('first'), port: 1 };
    const running = await startParts(settings, opened, [() => first, async () => part('second')]);
    onTestFinished(() => running.stop());
    expect(running.parts[0].port).toBe(1);
    expect(running.parts).toHaveLength(2);
    expect(history).toEqual(['first started', 'second started']);
  });

  test('are ready when none lacks anything, and the source neither', async () => {
    let lacks = ['certificate'];
    opened = { ...opened, missing: () => ['functions'] };
    const running = await start(
      () => part('first', { missing: () => lacks }),
      () => part('second', { missing: () => ['leader'] }),
    );
    expect(await ask(running, '/readyz')).toEqual([
      503,
      '{"status":"not ready","missing":["certificate","leader","functions"]}',
    ]);
    lacks = [];
    expect((await ask(running, '/readyz'))[1]).not.toContain('certificate');
  });

  test('are not ready before the last has started', async () => {
    const answers: unknown[] = [];
    const running = await startParts(settings, opened, [
      () => part('first'),
      async () => {
        answers.push(await ask({ healthPort: portOf(servers[0]) }, '/readyz'));
        return part('second');
      },
    ]);
    onTestFinished(() => running.stop());
    expect(answers).toEqual([[503, '{"status":"not ready","missing":["every part started"]}']]);
    expect(await ask(running, '/readyz')).toEqual([200, '{"status":"ready"}']);
  });

  test('show how stale the source is', async () => {
    const running = await start(() => part('only'));
    expect((await ask(running, '/metrics'))[1]).toContain(
      'baas_watch_staleness_seconds{resource="functions.core.openfunction.io"} 7',
    );
  });
});

describe('stopping', () => {
  test('ends the parts, then health, then the source', async () => {
    let wasHealthy = false;
    const running = await start(() =>
      part('only', {
        stop: async () => {
          wasHealthy = (await ask(running, '/healthz'))[0] === 200;
          history.push('only stopped');
        },
      }),
    );
    await running.stop();
    expect(wasHealthy).toBe(true);
    expect(history).toEqual(['only started', 'only stopped', 'source stopped']);
    await expect(ask(running, '/healthz')).rejects.toThrow();
  });

  test('ends everything else when a part cannot stop, and tells why it could not', async () => {
    const running = await start(
      () => part('first', { stop: () => Promise.reject(new Error('stuck')) }),
      () => part('second'),
    );
    await expect(running.stop()).rejects.toThrow('stuck');
    expect(history).toEqual([
      'first started',
      'second started',
      'second stopped',
      'source stopped',
    ]);
    await expect(ask(running, '/healthz')).rejects.toThrow();
  });
});

describe('a part that fails to start', () => {
  test('leaves nothing running, not even the parts before it', async () => {
    const starting = startParts(settings, opened, [
      () => part('first'),
      () => Promise.reject(new Error('no certificate')),
      () => part('third'),
    ]);
    await expect(starting).rejects.toThrow('no certificate');
    expect(history).toEqual(['first started', 'first stopped', 'source stopped']);
    expect(servers.map(({ listening }) => listening)).toEqual([false]);
  });

  test('is what is told, whatever goes wrong with stopping the others', async () => {
    const starting = startParts(settings, opened, [
      () => part('first', { stop: () => Promise.reject(new Error('stuck')) }),
      () => {
        throw new Error('no certificate');
      },
    ]);
    await expect(starting).rejects.toThrow('no certificate');
    expect(history).toEqual(['first started', 'source stopped']);
  });
});

test('a health port that is taken starts nothing', async () => {
  const healthPort = await takenPort();
  const starting = startParts({ ...settings, healthPort }, opened, [() => part('only')]);
  await expect(starting).rejects.toMatchObject({ code: 'EADDRINUSE', port: healthPort });
  expect(history).toEqual(['source stopped']);
});

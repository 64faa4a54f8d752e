import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../cluster/harness/free-port.ts';
import { functionContexts } from '../support/dapr/function-contexts.ts';
import { HttpPod } from '../support/http-pod.ts';
import { RunningProgram, runProgram } from '../support/run-process.ts';

const token = 'a-token-that-no-log-may-hold';

async function environmentOf(port: number, more: Record<string, string> = {}) {
  return {
    ...functionContexts({ topics: [['bus', 'orders']], bindings: ['cron'] }, port),
    APP_PROTOCOL: 'http',
    HEALTH_PORT: '0',
    LISTEN_ADDRESS: '127.0.0.1',
    ...more,
  };
}

async function start(more: Record<string, string>) {
  const port = await freePort();
  const program = new RunningProgram(['proxy'], await environmentOf(port, more));
  onTestFinished(() => program.kill());
  const { healthPort } = await program.logged('listening');
  return { program, port, health: `http://127.0.0.1:${healthPort}` };
}

/** Asks over a connection of its own for each that is under way. @returns the status; 0 where the connection broke */
function asker(port: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  onTestFinished(() => agent.destroy());
  return (path: string, body: string): Promise<number> =>
    new Promise((resolve) => {
      const headers = {
        'content-type': 'application/cloudevents+json',
        'content-length': Buffer.byteLength(body),
        'dapr-api-token': token,
      };
      const sent = request(
        { host: '127.0.0.1', port, agent, method: 'POST', path, headers },
        (response) => {
          response.resume();
          response.once('end', () => resolve(response.statusCode ?? 0));
        },
      );
      sent.once('error', () => resolve(0));
      sent.end(body);
    });
}

describe('proxy', () => {
  it('brings events to pods by its environment alone, and ends with 0 when it is asked to', async () => {
    const pod = await HttpPod.start();
    const { program, port, health } = await start({
      FUNCTION_ENDPOINTS: pod.name,
      APP_API_TOKEN: token,
      QUIET_TIME: '0.1',
    });
    const ask = asker(port);
    expect(await ask('/openfunction/topics/bus/orders', '{"id":"1"}')).toBe(200);
    expect(await ask('/cron', '{"id":"2"}')).toBe(200);
    expect(pod.ids).toEqual(['1', '2']);
    for (const [path, text] of [
      ['/healthz', '{"status":"ok"}'],
      ['/readyz', '{"status":"ready"}'],
      ['/pending', '{"pending":0,"waiting":0,"inFlight":0}'],
    ]) {
      const response = await fetch(health + path);
      expect([response.status, await response.text()]).toEqual([200, text]);
    }
    const metrics = await (await fetch(`${health}/metrics`)).text();
    expect(metrics).toContain(
      `baas_proxy_events_total{input="bus",outcome="success",endpoint="${pod.name}"} 1\n`,
    );
    program.child.kill('SIGTERM');
    expect(await program.exit()).toBe(0);
    expect(program.stdout).not.toContain(token);
    expect(metrics).not.toContain(token);
  });

  it('ends at once where daprd never came', async () => {
    const { program } = await start({ FUNCTION_ENDPOINTS: '127.0.0.1:9', QUIET_TIME: '3600' });
    program.child.kill('SIGTERM');
    expect(await program.exit()).toBe(0);
  });

  it('ends with 1 where something in flight does not finish in the grace period', async () => {
    const pod = await HttpPod.start({ handler: () => undefined });
    const { program, port } = await start({ FUNCTION_ENDPOINTS: pod.name, GRACE_PERIOD: '0.6' });
    const asked = asker(port)('/cron', '{"id":"1"}');
    await expect.poll(() => pod.ids).toEqual(['1']);
    program.child.kill('SIGTERM');
    expect(await program.exit()).toBe(1);
    expect(await asked).toBe(0);
  });

  it('holds 1,000 of 10,000 events that come together, refuses the rest at once, and loses none of the 1,000', async () => {
    const pod = await HttpPod.start();
    await pod.kill();
    const { port, health } = await start({
      FUNCTION_ENDPOINTS: pod.name,
      MAX_WAITING_EVENTS: '1000',
    });
    const ask = asker(port);
    const statuses = new Map<string, number>();
    const ids = Array.from({ length: 10_000 }, (_, index) => String(index));
    const all = ids.map(async (id) => {
      statuses.set(id, await ask('/openfunction/topics/bus/orders', JSON.stringify({ id })));
    });
    // One of those that wait may be on its way to see whether the pod is there.
    const isHeld = () => statuses.size >= 10_000 - 1001;
    await expect.poll(isHeld, { timeout: 25_000 }).toBe(true);
    expect(new Set(statuses.values())).toEqual(new Set([503]));
    const pending = await (await fetch(`${health}/pending`)).json();
    expect(pending).toMatchObject({ pending: 10_000 - statuses.size });
    await pod.start();
    await Promise.all(all);
    const acknowledged = ids.filter((id) => statuses.get(id) === 200);
    expect(acknowledged.length).toBeGreaterThanOrEqual(1000);
    expect(pod.ids.toSorted()).toEqual(acknowledged.toSorted());
  });
});

describe('proxy does not start', () => {
  it.each<[what: string, environment: Record<string, string>, said: string]>([
    [
      'without a context',
      { FUNC_CONTEXT: '' },
      "proxy: FUNC_CONTEXT: must be set, to the Function's context as JSON\n",
    ],
    [
      'with an unknown protocol',
      { APP_PROTOCOL: 'h2c', FUNCTION_ENDPOINTS: '127.0.0.1:1' },
      'proxy: APP_PROTOCOL: must be grpc or http\n',
    ],
    [
      'for an async Function without pods',
      {},
      'proxy: an async Function needs to know where its pods are: --function-host (FUNCTION_HOST) or --function-endpoints (FUNCTION_ENDPOINTS)\n',
    ],
    [
      'with two places to look for pods',
      { FUNCTION_HOST: 'x', FUNCTION_ENDPOINTS: '127.0.0.1:1' },
      'proxy: --function-host (FUNCTION_HOST) and --function-endpoints (FUNCTION_ENDPOINTS): give one of them\n',
    ],
    [
      'with what cannot be read, all of it told',
      {
        FUNCTION_ENDPOINTS: '::1:80',
        MAX_MESSAGE_SIZE: '-1',
        EVENT_WAIT: 'long',
        FUNCTION_HOST: 'a b',
      },
      [
        'proxy: EVENT_WAIT: must be a number of seconds from 0 to 3600',
        'proxy: FUNCTION_ENDPOINTS: must be host:port, IPv6 in brackets, such as 127.0.0.1:8080 or [::1]:8080',
        'proxy: FUNCTION_HOST: must be a DNS name or an address',
        'proxy: MAX_MESSAGE_SIZE: must be a number of bytes from 1 to 2Gi, such as 64Mi\n',
      ].join('\n'),
    ],
  ])('%s', async (_what, environment, said) => {
    const result = await runProgram(['proxy'], {
      environment: await environmentOf(8080, environment),
    });
    expect(result).toEqual({ code: 2, stdout: '', stderr: said });
  });

  it('where a port is taken', async () => {
    const taken = createServer();
    taken.listen(0, '127.0.0.1');
    await once(taken, 'listening');
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as { port: number };
    const free = await freePort();
    for (const [appPort, healthPort, said] of [
      [
        port,
        0,
        `port ${port} is taken; it is the one in FUNC_CONTEXT, where daprd expects its app`,
      ],
      [free, port, `port ${port} is taken; choose another with --health-port`],
    ] as const) {
      const environment = await environmentOf(appPort, {
        FUNCTION_ENDPOINTS: '127.0.0.1:9',
        HEALTH_PORT: String(healthPort),
      });
      const { code, stdout } = await runProgram(['proxy'], { environment });
      expect([code, stdout]).toEqual([1, expect.stringContaining(`cannot start: ${said}`)]);
    }
  });
});

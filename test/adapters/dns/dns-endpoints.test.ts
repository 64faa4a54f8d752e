import { describe, expect, it, onTestFinished } from 'vitest';
import { DnsEndpoints } from '../../../src/adapters/dns/dns-endpoints.ts';
import { endpointName, type HostAndPort } from '../../../src/rules/delivery/read-endpoint.ts';
import { logInMemory } from '../../support/log-in-memory.ts';
import { NameServer, type NameServerAnswer } from '../../support/name-server.ts';
import { until } from '../kubernetes/until.ts';

const host = 'orders-events.default.svc.cluster.local';

async function endpointsFrom(answer: NameServerAnswer) {
  const server = await NameServer.start();
  server.answer = answer;
  const { log, lines } = logInMemory();
  const told: string[][] = [];
  const endpoints = new DnsEndpoints({
    host,
    port: 8080,
    servers: [server.address],
    onEndpoints: (found: readonly HostAndPort[]) => void told.push(found.map(endpointName)),
    log,
  });
  onTestFinished(() => {
    endpoints.stop();
    server.stop();
  });
  endpoints.start();
  /** Waits for one more look-up than there were, of both families. */
  const lookedUp = async (): Promise<void> => {
    const { questions } = server;
    await until(() => {
      endpoints.want();
      expect(server.questions).toBeGreaterThanOrEqual(questions + 4);
    });
  };
  return { server, endpoints, told, lines, lookedUp };
}

describe('endpoints by DNS', () => {
  it('are the A and AAAA records of the name', async () => {
    const { told } = await endpointsFrom(['10.0.0.2', '10.0.0.1', 'fd00::1']);
    const all = ['10.0.0.1:8080', '10.0.0.2:8080', '[fd00::1]:8080'];
    await until(() => expect(told.at(-1)).toEqual(all));
  });

  it('are looked up again when the records are old, though nobody asks', async () => {
    const { server, told } = await endpointsFrom(['10.0.0.1']);
    await until(() => expect(told).toHaveLength(1));
    server.answer = ['10.0.0.2'];
    await until(() => expect(told).toEqual([['10.0.0.1:8080'], ['10.0.0.2:8080']]));
  });

  it('are looked up at once where they are wanted and the last time is a second ago', async () => {
    const { server, endpoints, told } = await endpointsFrom(['10.0.0.1']);
    server.ttlSeconds = 86_400;
    await until(() => expect(told).toHaveLength(1));
    server.answer = ['10.0.0.2'];
    const questions = server.questions;
    endpoints.want();
    await until(() => expect(told).toHaveLength(2));
    // Two families, and once more where the first answer had not been the last of its look-up.
    expect(server.questions - questions).toBeLessThanOrEqual(4);
  });

  it('are told of once, however often they are looked up', async () => {
    const { told, lookedUp } = await endpointsFrom(['10.0.0.1']);
    await until(() => expect(told).toHaveLength(1));
    await lookedUp();
    expect(told).toHaveLength(1);
  });

  it.each(['SERVFAIL', 'silence'] as const)(
    'stay where the servers answer with %s',
    async (failure) => {
      const { server, endpoints, told, lines, lookedUp } = await endpointsFrom(['10.0.0.1']);
      await until(() => expect(told).toHaveLength(1));
      server.answer = failure;
      await lookedUp();
      await until(() => expect(endpoints.failure).toMatch(/queryA/));
      server.answer = ['10.0.0.1', '10.0.0.2'];
      await until(() => {
        endpoints.want();
        expect(told).toEqual([['10.0.0.1:8080'], ['10.0.0.1:8080', '10.0.0.2:8080']]);
      });
      expect(endpoints.failure).toBeUndefined();
      expect(lines(/failed; those known before stay/)).toHaveLength(1);
      expect(lines(/succeeds again/)).toHaveLength(1);
    },
  );

  it.each([['NXDOMAIN'], [[]]] as const)(
    'are none where there are none (%j), and come back',
    async (answer) => {
      const { server, endpoints, told } = await endpointsFrom(['10.0.0.1']);
      await until(() => expect(told).toHaveLength(1));
      server.answer = answer;
      await until(() => {
        endpoints.want();
        expect(told).toHaveLength(2);
      });
      expect(told[1]).toEqual([]);
      server.answer = ['10.0.0.1'];
      await until(() => {
        endpoints.want();
        expect(told).toHaveLength(3);
      });
      expect(told[2]).toEqual(['10.0.0.1:8080']);
    },
  );

  it('of one family stay where the look-up of that family fails', async () => {
    const { server, endpoints, told } = await endpointsFrom(['10.0.0.1', 'fd00::1']);
    await until(() => expect(told.at(-1)).toHaveLength(2));
    server.answerByType = { A: ['10.0.0.2'], AAAA: 'SERVFAIL' };
    await until(() => {
      endpoints.want();
      expect(told.at(-1)).toEqual(['10.0.0.2:8080', '[fd00::1]:8080']);
    });
  });

  it('of one family do not wait for the other, which servers may pass over', async () => {
    const server = await NameServer.start();
    server.answerByType = { A: ['10.0.0.1'], AAAA: 'silence' };
    const told = Promise.withResolvers<readonly HostAndPort[]>();
    const endpoints = new DnsEndpoints({
      host,
      port: 8080,
      servers: [server.address],
      onEndpoints: told.resolve,
      log: logInMemory().log,
    });
    onTestFinished(() => {
      endpoints.stop();
      server.stop();
    });
    endpoints.start();
    expect(await told.promise).toEqual([{ host: '10.0.0.1', port: 8080 }]);
    // The look-up of the other has not come to its end.
    expect(endpoints.failure).toBeUndefined();
  });

  it('are an address, or localhost, itself', () => {
    for (const itself of ['10.0.0.1', 'fd00::1', 'localhost']) {
      const told: (readonly HostAndPort[])[] = [];
      const endpoints = new DnsEndpoints({
        host: itself,
        port: 8080,
        // Where it asked, nobody would answer.
        servers: ['127.0.0.1:9'],
        onEndpoints: (found) => void told.push(found),
        log: logInMemory().log,
      });
      endpoints.start();
      expect(told).toEqual([[{ host: itself, port: 8080 }]]);
      endpoints.want();
      endpoints.stop();
    }
  });
});

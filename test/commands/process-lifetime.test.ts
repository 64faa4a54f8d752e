import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { CertificateError } from '../../src/adapters/tls/certificate-error.ts';
import type { CommandIo } from '../../src/commands/command.ts';
import { explainStartFailure, serveUntilStopped } from '../../src/commands/process-lifetime.ts';
import { logInMemory } from '../support/log-in-memory.ts';

describe('serving until stopped', () => {
  test('listens, waits for the signal, finishes, and exits with 0', async () => {
    const { log, all } = logInMemory();
    const history: string[] = [];
    let terminate: (signal: string) => void = () => undefined;
    const io: CommandIo = {
      stdin: new PassThrough(),
      stdout: new PassThrough(),
      stderr: new PassThrough(),
      environment: {},
      hasColours: false,
      stopRequested: () => {
        history.push('signals are asked for');
        return new Promise((resolve) => {
          terminate = resolve;
        });
      },
    };
    const running = {
      stop: async () => {
        history.push('stopped');
      },
    };
    const serving = serveUntilStopped(
      { port: 1, healthPort: 2 },
      running,
      { shutdownTimeout: 5 },
      io,
      log,
      () => {
        history.push('announced');
      },
    );
    // Whoever reads that it listens may send the signal at once.
    expect(history).toEqual(['signals are asked for', 'announced']);
    terminate('SIGTERM');
    expect(await serving).toBe(0);
    expect(history).toEqual(['signals are asked for', 'announced', 'stopped']);
    expect(all).toMatchObject([
      { msg: 'listening', port: 1, healthPort: 2 },
      { msg: 'stopping', signal: 'SIGTERM' },
      { msg: 'stopped' },
    ]);
  });
});

describe('why a process cannot start', () => {
  function taken(port: number): Error {
    return Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE', port });
  }

  test('is told for a port that is taken with the option that chooses another', () => {
    const ports = { port: 9443, healthPort: 9440 };
    expect(explainStartFailure(taken(9443), ports)).toBe(
      'port 9443 is taken; choose another with --port',
    );
    expect(explainStartFailure(taken(9440), ports)).toBe(
      'port 9440 is taken; choose another with --health-port',
    );
    // Of a process that admits nothing.
    expect(explainStartFailure(taken(9440), { healthPort: 9440 })).toBe(
      'port 9440 is taken; choose another with --health-port',
    );
    expect(explainStartFailure(taken(9440))).toBe(
      'port 9440 is taken; choose another with --port or --health-port',
    );
  });

  test('is told for anything else in its own words', () => {
    expect(explainStartFailure(new CertificateError('has no tls.key'))).toBe('has no tls.key');
    const denied = Object.assign(new Error('listen EACCES ::80'), { code: 'EACCES' });
    expect(explainStartFailure(denied)).toBe('no permission: listen EACCES ::80');
    expect(explainStartFailure(new Error('something else'))).toBe('something else');
  });
});

import { describe, expect, it } from 'vitest';
import { createLineLog } from '../../src/adapters/line-log.ts';
import { createLogger } from '../../src/adapters/log.ts';

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);

/** The lines that both logs write of the same. */
function written(level: string, say: (log: ReturnType<typeof createLineLog>) => void) {
  const own: unknown[] = [];
  const pinos: unknown[] = [];
  say(createLineLog(level, (line) => own.push(JSON.parse(line))));
  say(createLogger(level, { write: (line: string) => pinos.push(JSON.parse(line)) }));
  return { own, pinos };
}

describe('the log of the proxy', () => {
  it('has the lines that the other processes have', () => {
    const { own, pinos } = written('info', (log) => {
      log.info('stopped');
      log.warn({ host: 'orders', failure: undefined }, 'look-up failed');
    });
    const lines = [
      { level: 'info', time, msg: 'stopped' },
      { level: 'warn', time, host: 'orders', msg: 'look-up failed' },
    ];
    expect(own).toEqual(lines);
    expect(pinos).toEqual(lines);
  });

  it('tells of an error what the others tell', () => {
    const error = Object.assign(new RangeError('taken'), { code: 'EADDRINUSE' });
    const { own, pinos } = written('info', (log) => log.error({ err: error }, 'cannot start'));
    const told = { type: 'RangeError', message: 'taken', code: 'EADDRINUSE', stack: error.stack };
    const line = { level: 'error', time, err: told, msg: 'cannot start' };
    expect(own).toEqual([line]);
    expect(pinos).toEqual([line]);
  });

  it.each([
    ['debug', 4],
    ['info', 3],
    ['warn', 2],
    ['error', 1],
    ['silent', 0],
  ])('from %s on says %i of four', (level, count) => {
    const { own, pinos } = written(level, (log) => {
      log.debug('a');
      log.info('b');
      log.warn('c');
      log.error('d');
    });
    expect(own).toHaveLength(count);
    expect(pinos).toHaveLength(count);
  });
});

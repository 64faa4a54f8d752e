import picocolors from 'picocolors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderLogLine } from '../../cluster/playground/render-log-line.ts';

const plain = picocolors.createColors(false);

/** As the product writes it. */
const admission = {
  level: 'info',
  time: '2026-03-01T09:05:07.120Z',
  uid: 'c0a8',
  webhook: 'mutate',
  resource: 'pods',
  operation: 'CREATE',
  namespace: 'shop',
  name: 'orders-1',
  function: 'orders',
  mode: 'standalone',
  outcome: 'patched',
  milliseconds: 1.234,
  msg: 'admission',
};

function render(entry: Record<string, unknown>, colours = plain): string {
  return renderLogLine(JSON.stringify(entry), colours);
}

describe('a line of the log', () => {
  const { TZ } = process.env;
  beforeAll(() => {
    process.env['TZ'] = 'Asia/Tokyo';
  });
  afterAll(() => {
    if (TZ === undefined) delete process.env['TZ'];
    else process.env['TZ'] = TZ;
  });

  it('shows of an admission what was asked, of which object, and what came of it', () => {
    expect(render(admission)).toBe(
      '18:05:07.120 info  admission mutate CREATE pods shop/orders-1 patched function=orders mode=standalone 1.234 ms',
    );
  });

  it('says why an object was left alone', () => {
    const { function: _function, mode: _mode, ...skipped } = admission;
    expect(render({ ...skipped, outcome: 'skipped', skipReason: 'opted-out' })).toContain(
      ' shop/orders-1 skipped skipReason=opted-out 1.234 ms',
    );
  });

  it('shows the beginning of a name that is still to be made', () => {
    const { name: _name, ...nameless } = admission;
    expect(render({ ...nameless, generateName: 'orders-' })).toContain(' shop/orders-* ');
    expect(render({ ...nameless, generateName: '' })).toContain(' shop/* ');
  });

  it('shows a field of an admission that it knows nothing of', () => {
    expect(render({ ...admission, attempt: 2 })).toContain(' attempt=2 ');
  });

  it('shows the message and the fields of anything else', () => {
    const line = {
      level: 'warn',
      time: admission.time,
      kind: 'timeout',
      port: 9443,
      msg: 'no answer',
    };
    expect(render(line)).toBe('18:05:07.120 warn  no answer kind=timeout port=9443');
  });

  it('keeps a value with spaces in it apart from the next field', () => {
    const line = {
      level: 'error',
      time: admission.time,
      problem: 'port is taken',
      msg: 'cannot start',
    };
    expect(render(line)).toContain(' cannot start problem="port is taken"');
    expect(render({ ...line, problem: { nested: [1] } })).toContain(' problem={"nested":[1]}');
  });

  it('is one line, without anything that moves the cursor, whatever the names are', () => {
    for (const text of ['a\nb', '\u001b[2J', 'a\tb', '\u009b1m', '\u0000']) {
      const lines = [
        render({ ...admission, name: text, function: text }),
        render({ ...admission, msg: text, [text]: text }),
      ];
      for (const line of lines) expect(line).not.toMatch(/\p{Cc}/u);
    }
  });

  it('comes back as it is when it is no line of the log', () => {
    const lines = [
      '',
      '    at main.ts:1:1',
      'null',
      '{',
      '{}',
      '[]',
      '{"level":"info","time":"2026-03-01T09:05:07.120Z"}',
      '{"level":30,"time":"2026-03-01T09:05:07.120Z","msg":"x"}',
      '{"level":"info","time":"yesterday","msg":"x"}',
    ];
    for (const line of lines) expect(renderLogLine(line, plain)).toBe(line);
  });

  it('is coloured where asked for, and nowhere else', () => {
    const colours = picocolors.createColors(true);
    const outcomes = ['patched', 'denied', 'skipped'].map((outcome) =>
      render({ ...admission, outcome }, colours),
    );
    expect(outcomes[0]).toContain(colours.green('patched'));
    expect(outcomes[1]).toContain(colours.red('denied'));
    expect(outcomes[2]).toContain(colours.yellow('skipped'));
    expect(render({ ...admission, level: 'warn' }, colours)).toContain(colours.yellow('warn '));
    expect(render({ ...admission, level: 'error' }, colours)).toContain(colours.red('error'));
    expect(render(admission)).not.toContain('\u001b');
  });
});

import { describe, expect, test } from 'vitest';
import { renderJson, renderText } from '../../../src/commands/check/render-report.ts';
import { error, ok, type Question, warning } from '../../../src/rules/check/finding.ts';

const question = (id: string, section: Question['section']): Question => ({
  id,
  section,
  title: `${id} is well`,
});

const findings = [
  ok(question('a', 'installation'), 'as it should be'),
  error(question('b', 'functions'), 'it is broken', 'Mend it.'),
  warning(question('c', 'installation'), 'it is odd', 'Look at it.'),
];

describe('a report', () => {
  test('as text tells what is well in a line, and of the rest what it is and the way out', () => {
    expect(renderText(findings, false)).toBe(
      [
        'installation',
        '------------',
        '√ a is well: as it should be',
        '‼ c is well',
        '    it is odd',
        '    Look at it.',
        '',
        'functions',
        '---------',
        '× b is well',
        '    it is broken',
        '    Mend it.',
        '',
        '× 3 checks: 1 ok, 1 warning, 1 error',
        '',
      ].join('\n'),
    );
  });

  test('has colours on a terminal: green, yellow, red', () => {
    const text = renderText(findings, true);
    for (const mark of ['\u001b[32m√', '\u001b[33m‼', '\u001b[31m×']) expect(text).toContain(mark);
    expect(renderText(findings, false)).not.toContain('\u001b[');
  });

  test('as JSON tells the same, and the worst of it', () => {
    expect(JSON.parse(renderJson(findings))).toMatchObject({
      level: 'error',
      counts: { ok: 1, warning: 1, error: 1 },
      findings: [
        { id: 'a', section: 'installation', level: 'ok', hint: null },
        { id: 'b', section: 'functions', level: 'error', hint: 'Mend it.' },
        { id: 'c', section: 'installation', level: 'warning', message: 'it is odd' },
      ],
    });
    expect(JSON.parse(renderJson([])).level).toBe('ok');
  });
});

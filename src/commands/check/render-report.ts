import picocolors from 'picocolors';
import {
  type Finding,
  type Level,
  levels,
  sections,
  worstLevel,
} from '../../rules/check/finding.ts';
import { count } from '../../rules/check/list-names.ts';

/** As linkerd has them. */
const marks: Readonly<Record<Level, string>> = { ok: '√', warning: '‼', error: '×' };

const colourNames = { ok: 'green', warning: 'yellow', error: 'red' } as const;

/** The findings, line by line, under their sections; below what is not well, what it is and the way out. */
export function renderText(findings: readonly Finding[], hasColours: boolean): string {
  const colours = picocolors.createColors(hasColours);
  const line = ({ level, title, message, hint }: Finding): string => {
    const mark = colours[colourNames[level]](marks[level]);
    if (level === 'ok') return `${mark} ${title}: ${message}\n`;
    return `${mark} ${title}\n    ${message}\n${hint === undefined ? '' : `    ${colours.cyan(hint)}\n`}`;
  };
  const parts = sections.flatMap((section) => {
    const own = findings.filter((finding) => finding.section === section);
    if (own.length === 0) return [];
    const head = `${colours.bold(section)}\n${'-'.repeat(section.length)}\n`;
    return [`${head}${own.map(line).join('')}`];
  });
  return [...parts, summary(findings)].join('\n');
}

function summary(findings: readonly Finding[]): string {
  const counts = countLevels(findings);
  const level = worstLevel(findings.map((finding) => finding.level));
  return `${marks[level]} ${count(findings.length, 'check')}: ${counts.ok} ok, ${count(counts.warning, 'warning')}, ${count(counts.error, 'error')}\n`;
}

/** The same for programs. */
export function renderJson(findings: readonly Finding[]): string {
  const report = {
    level: worstLevel(findings.map(({ level }) => level)),
    counts: countLevels(findings),
    findings: findings.map(({ id, section, title, level, message, hint }) => ({
      id,
      section,
      title,
      level,
      message,
      // There in any case, so that every finding has the same members.
      hint: hint ?? null,
    })),
  };
  return `${JSON.stringify(report, undefined, 2)}\n`;
}

function countLevels(findings: readonly Finding[]): Record<Level, number> {
  const counts = { ok: 0, warning: 0, error: 0 };
  for (const level of levels) {
    counts[level] = findings.filter((finding) => finding.level === level).length;
  }
  return counts;
}

import { expect } from 'vitest';
import type { Finding } from '../../../src/rules/check/finding.ts';
import { runProgram } from '../../support/run-process.ts';

/** What `check` found. */
export interface Checked {
  readonly code: number | null;
  readonly findings: readonly Finding[];
  /** What is not well, as `level id`. */
  readonly ills: readonly string[];
  /** What it says of a question. */
  message(id: string): string | undefined;
}

/** Runs `check` as a user does who has a kubeconfig. */
export async function runCheck(kubeconfig: string): Promise<Checked> {
  const { code, stdout, stderr } = await runProgram([
    ...['check', '--kubeconfig', kubeconfig, '-o', 'json'],
  ]);
  expect(stderr).toBe('');
  const findings: Finding[] = JSON.parse(stdout).findings;
  return {
    code,
    findings,
    ills: findings.filter(({ level }) => level !== 'ok').map(({ level, id }) => `${level} ${id}`),
    message: (wanted) => findings.find(({ id }) => id === wanted)?.message,
  };
}

import { readFile } from 'node:fs/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { until } from '../adapters/kubernetes/until.ts';
import { RunningProgram } from '../support/run-process.ts';

/** Bit of SIGTERM in the masks that Linux tells. */
const terminateBit = 1n << 14n;

/** Whether a process has a handler for SIGTERM. */
async function handlesTermination(processId: number | undefined): Promise<boolean> {
  const status = await readFile(`/proc/${processId}/status`, 'utf8');
  const [, caught = '0'] = /^SigCgt:\s*(\S+)$/m.exec(status) ?? [];
  return (BigInt(`0x${caught}`) & terminateBit) !== 0n;
}

describe.runIf(process.platform === 'linux')('a command that does not ask for signals', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('is ended by %s like any program', async (signal) => {
    const program = new RunningProgram(['preview', '-f', '-']);
    onTestFinished(() => program.kill());
    await until(async () => expect(await handlesTermination(program.child.pid)).toBe(true));
    program.child.kill(signal);
    expect(await program.exit()).toBe(null);
    expect(program.child.signalCode).toBe(signal);
    expect(program.stderr).toBe('');
  });
});

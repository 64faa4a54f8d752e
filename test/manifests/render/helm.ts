import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTool, type ToolResult } from '../../cluster/assets/run-tool.ts';

export interface HelmOptions {
  /** Path of the program. */
  readonly helm: string;
  /** Of the cluster; absent where none is needed. */
  readonly kubeconfig?: string;
  readonly timeoutMs?: number;
}

/** Runs Helm away from whatever its user has set up: repositories, plugins, a cluster. */
export async function runHelm(
  args: readonly string[],
  { helm, kubeconfig, timeoutMs }: HelmOptions,
): Promise<ToolResult> {
  const home = await mkdtemp(join(tmpdir(), 'openfunction-dapr-webhook-helm-'));
  try {
    const environment = {
      HOME: home,
      PATH: process.env['PATH'],
      // A file that is not there, since Helm would otherwise look where kubectl does.
      KUBECONFIG: kubeconfig ?? join(home, 'none'),
    };
    const result = await runTool(helm, args, {
      environment,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    if (typeof result === 'string') throw new Error(`${helm} cannot be started (${result})`);
    return result;
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

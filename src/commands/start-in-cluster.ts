import type { Logger } from '../adapters/log.ts';
import { type AccessSettings, type OpenedCluster, openCluster } from '../processes/open-cluster.ts';
import {
  type HealthSettings,
  type PartStarter,
  type RunningParts,
  type StartedBy,
  startParts,
} from '../processes/process-part.ts';
import { explainStartFailure } from './process-lifetime.ts';

/**
 * Starts the parts of a process that follows a cluster.
 *
 * @returns undefined when it could not be started; why is in the log
 */
export async function startInCluster<const Starters extends readonly PartStarter[]>(
  settings: HealthSettings & AccessSettings & { readonly port?: number },
  log: Logger,
  starters: (opened: OpenedCluster) => Starters,
): Promise<RunningParts<StartedBy<Starters>> | undefined> {
  const result = await openCluster(settings, log);
  if ('problems' in result) {
    for (const problem of result.problems) log.error({ problem }, 'cannot start');
    return undefined;
  }
  try {
    return await startParts(settings, result.opened, starters(result.opened));
  } catch (error) {
    log.error({ problem: explainStartFailure(error, settings) }, 'cannot start');
    return undefined;
  }
}

import { at } from '../../../src/api/json.ts';
import type { Kubectl } from './kubectl.ts';

/** What the controller says to a Function's user. */
export interface FunctionEvent {
  readonly reason: string;
  readonly type: string;
  readonly note: string;
}

/** Events of the controller on a Function. */
export async function functionEvents(
  kubectl: Kubectl,
  namespace: string,
  functionName: string,
): Promise<FunctionEvent[]> {
  const events = await kubectl.list('events.events.k8s.io', namespace);
  return events
    .filter(
      (event) =>
        event['reportingController'] === 'openfunction-dapr-webhook' &&
        at(event, 'regarding', 'kind') === 'Function' &&
        at(event, 'regarding', 'name') === functionName,
    )
    .map(({ reason, type, note }) => ({
      reason: String(reason),
      type: String(type),
      note: String(note),
    }));
}

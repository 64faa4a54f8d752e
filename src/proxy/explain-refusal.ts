import type { Refusal } from './delivery.ts';

const reasons: Readonly<Record<Refusal, string>> = {
  full: 'too many events wait for a pod of the function',
  memory: 'the events that the proxy holds take all the memory that they may',
  waited: 'no pod of the function could be reached in time',
  unsuited: 'no pod of the function takes it',
  nowhere:
    'this function takes no events, and no endpoints are configured for it (FUNCTION_HOST or FUNCTION_ENDPOINTS)',
  stopping: 'the proxy is about to end',
};

/** What daprd is told beside "try again", and so what its log says. */
export function explainRefusal(why: Refusal): string {
  return reasons[why];
}

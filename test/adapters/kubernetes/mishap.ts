import type { ServerResponse } from 'node:http';
import type { JsonObject } from '../../../src/api/json.ts';

/** What happens to a request instead of a good answer. */
export type Mishap =
  | { readonly status: number; readonly body: JsonObject | string }
  /** No answer at all. */
  | 'hang'
  /** The answer begins and nothing follows. */
  | 'silent'
  /** The connection is cut. */
  | 'reset';

/** A refusal as API servers word it. */
export function status(code: number, reason: string, message: string): Mishap {
  return { status: code, body: { kind: 'Status', status: 'Failure', code, reason, message } };
}

/** Lets it happen. */
export function suffer(mishap: Mishap, response: ServerResponse): void {
  if (mishap === 'hang') return;
  if (mishap === 'reset') response.socket?.resetAndDestroy();
  else if (mishap === 'silent') startStream(response);
  else if (typeof mishap.body === 'string') {
    response.writeHead(mishap.status, { 'content-type': 'text/html' });
    response.end(mishap.body);
  } else sendJson(response, mishap.status, mishap.body);
}

export function sendJson(response: ServerResponse, code: number, body: JsonObject): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** Begins an answer whose body comes later. */
export function startStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
}

import { type IncomingMessage, request as requestHttp } from 'node:http';
import { type RequestOptions, request as requestHttps } from 'node:https';
import { ApiError } from './api-error.ts';

/** A host that is down must not hold up the next attempt: together with the backoff this stays below 5 s. */
export const connectTimeoutMs = 2_000;

/**
 * Sends a request and resolves with its answer, of which only the beginning needs
 * to be there. A GET that met a connection just being closed is sent once more.
 */
export async function sendRequest(
  options: RequestOptions,
  body?: Buffer,
  mayRepeat = options.method === undefined || options.method === 'GET',
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const start = options.protocol === 'http:' ? requestHttp : requestHttps;
    const request = start(options);
    let connectTimer: NodeJS.Timeout | undefined;
    request.on('socket', (socket) => {
      if (!socket.connecting) return;
      connectTimer = setTimeout(() => {
        request.destroy(new ApiError('unreachable', `no connection in ${connectTimeoutMs} ms`));
      }, connectTimeoutMs);
      socket.once('connect', () => clearTimeout(connectTimer));
    });
    request.on('close', () => clearTimeout(connectTimer));
    let hasAnswer = false;
    request.on('response', (response) => {
      hasAnswer = true;
      // Whoever reads it is told by the stream; without a listener an early error would end the process.
      response.on('error', () => undefined);
      resolve(response);
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      // The stream of the answer tells of what happens to it.
      if (hasAnswer) return;
      // The API server closed an idle connection just as it was picked. A GET may be sent twice.
      const isStale = request.reusedSocket && error.code === 'ECONNRESET';
      if (isStale && mayRepeat) resolve(sendRequest(options, body, false));
      else reject(error);
    });
    request.end(body);
  });
}

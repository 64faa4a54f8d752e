import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

/** A download that failed, in a sentence that names the address. */
export class DownloadError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DownloadError';
  }
}

export interface DownloadOptions {
  /** From the request to the first line of the answer, redirects included. */
  readonly answerTimeoutMs: number;
  /** The longest pause within an answer. */
  readonly stallTimeoutMs: number;
  readonly stopSignal: AbortSignal;
}

/** @throws DownloadError */
export async function downloadText(url: string, options: DownloadOptions): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of receive(url, options)) text += decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}

/**
 * Downloads a file. It is there only if its content is the expected one.
 *
 * @param sha256 in hexadecimal digits, as it is published
 * @throws DownloadError
 */
export async function downloadFile(
  url: string,
  path: string,
  sha256: string,
  options: DownloadOptions,
): Promise<void> {
  const hash = createHash('sha256');
  const hashed = async function* () {
    for await (const chunk of receive(url, options)) {
      hash.update(chunk);
      yield chunk;
    }
  };
  try {
    await pipeline(hashed, createWriteStream(path));
    const actual = hash.digest('hex');
    if (actual !== sha256) {
      throw new DownloadError(
        `${url} is not what was published: its SHA-256 is ${actual}, the published one ${sha256}`,
      );
    }
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

async function* receive(
  url: string,
  { answerTimeoutMs, stallTimeoutMs, stopSignal }: DownloadOptions,
): AsyncGenerator<Uint8Array> {
  const silence = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const expectWithin = (timeoutMs: number, what: string) => {
    clearTimeout(timer);
    timer = setTimeout(
      () => silence.abort(new DownloadError(`${url} ${what} within ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
  };
  try {
    expectWithin(answerTimeoutMs, 'gave no answer');
    const signal = AbortSignal.any([silence.signal, stopSignal]);
    const response = await fetch(url, { signal });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw new DownloadError(`${url} answered ${response.status} ${response.statusText}`.trim());
    }
    expectWithin(stallTimeoutMs, 'sent nothing more');
    for await (const chunk of response.body) {
      expectWithin(stallTimeoutMs, 'sent nothing more');
      yield chunk;
    }
  } catch (error) {
    stopSignal.throwIfAborted();
    silence.signal.throwIfAborted();
    throw isNetworkFailure(error) ? unreachable(url, error) : error;
  } finally {
    clearTimeout(timer);
  }
}

/** `fetch` reports everything below HTTP as a TypeError, with what happened as its cause. */
function isNetworkFailure(error: unknown): error is TypeError {
  return error instanceof TypeError && error.cause !== undefined;
}

function unreachable(url: string, error: TypeError): DownloadError {
  const { code, message } = error.cause as NodeJS.ErrnoException;
  return new DownloadError(`${url} cannot be reached (${code ?? message})`, { cause: error });
}

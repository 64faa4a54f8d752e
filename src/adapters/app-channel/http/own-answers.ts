import type { PodAnswer } from './response-parser.ts';

/** Answers that come from no pod. */

const noBytes = Buffer.alloc(0);

/** Something for people: it ends up in daprd's log. */
export function textAnswer(status: number, text: string): PodAnswer {
  const headers = ['content-type', 'text/plain; charset=utf-8'];
  return { status, headers, body: Buffer.from(`${text}\n`) };
}

export function jsonAnswer(value: unknown): PodAnswer {
  return {
    status: 200,
    headers: ['content-type', 'application/json'],
    body: Buffer.from(JSON.stringify(value)),
  };
}

export function emptyAnswer(status: number): PodAnswer {
  return { status, headers: [], body: noBytes };
}

/** What makes daprd try again, whatever it is about. */
export function retryAnswer(why: string): PodAnswer {
  return textAnswer(503, `try again: ${why}`);
}

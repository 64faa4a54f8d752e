import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import picocolors from 'picocolors';
import { describe, expect, it } from 'vitest';
import { WebhookLog } from '../../cluster/playground/webhook-log.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

function line(level: string, msg: string): string {
  return JSON.stringify({ level, time: '2026-03-01T09:05:07.120Z', msg });
}

describe("the webhook's log", () => {
  it('is in the file as it is, and on the terminal from the moment that somebody can ask', async () => {
    const output = new PassThrough({ encoding: 'utf8' });
    const path = join(await temporaryFolder(), 'webhook.log');
    const log = new WebhookLog(path, picocolors.createColors(false), output);
    const lines = [
      line('info', 'starting'),
      line('warn', 'slow'),
      'Error: a stack trace',
      line('error', 'broken'),
      line('info', 'admission'),
    ];
    for (const one of lines.slice(0, 4)) log.take(one);
    log.showAll();
    for (const one of lines.slice(4)) log.take(one);
    expect(readFileSync(path, 'utf8')).toBe(`${lines.join('\n')}\n`);
    const shown = String(output.read()).split('\n');
    for (const [index, word] of ['slow', 'stack trace', 'broken', 'admission'].entries()) {
      expect(shown[index]).toContain(word);
    }
    expect(shown).toHaveLength(5);
  });
});

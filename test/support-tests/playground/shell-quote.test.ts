import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { shellQuote } from '../../cluster/playground/shell-quote.ts';

describe('a quoted text', () => {
  it('is one word of a shell, and the same text', () => {
    const texts = ['', ' ', 'a b', "it's", '"$HOME"', '`id`', '\\n', 'a\nb', '*', '~', '#', '-n'];
    for (const text of texts) {
      const said = execFileSync('sh', ['-c', `printf '<%s>' ${shellQuote(text)}`]).toString();
      expect(said).toBe(`<${text}>`);
    }
  });

  it('is left bare where it needs no quotes', () => {
    expect(shellQuote('/tmp/play-1/admin.kubeconfig')).toBe('/tmp/play-1/admin.kubeconfig');
  });
});

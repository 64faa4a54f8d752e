import { describe, expect, it } from 'vitest';
import { AssetsError } from '../../cluster/assets/assets-error.ts';
import { explainFailure } from '../../cluster/playground/explain-failure.ts';

describe('the reason for not starting', () => {
  it('is what the search for programs says', () => {
    expect(explainFailure(new AssetsError('no etcd anywhere'))).toBe('no etcd anywhere');
  });

  it("is the end of a program's log", () => {
    const lines = Array.from({ length: 100 }, (_, index) => `line ${index}`);
    const text = explainFailure(new Error(['etcd exited', ...lines, ''].join('\n')));
    expect(text).toMatch(/^cannot start\netcd exited\n\(80 lines left out\)\nline 80\n/);
    expect(text).toMatch(/\nline 99$/);
    expect(explainFailure(new Error('etcd exited'))).toBe('cannot start\netcd exited');
  });

  it('says what to do about a port that was taken', () => {
    for (const reason of ['bind: address already in use', 'listen EADDRINUSE']) {
      expect(explainFailure(new Error(reason))).toContain('start again');
    }
  });
});

import { describe, expect, it } from 'vitest';
import { functionVersions } from '../../../src/api/keys.ts';
import { help, readArguments } from '../../cluster/playground/playground-arguments.ts';

describe('the command line of the playground', () => {
  it('takes v1beta2 and a temporary folder when nothing is said', () => {
    expect(readArguments([])).toEqual({ functions: 'v1beta2' });
  });

  it('takes each version, and a folder', () => {
    for (const functions of functionVersions) {
      expect(readArguments(['--functions', functions, '--folder=here'])).toEqual({
        functions,
        folder: 'here',
      });
    }
  });

  it('helps, with every option', () => {
    for (const flag of ['--help', '-h']) expect(readArguments([flag])).toEqual({ help: true });
    for (const word of ['--functions', '--folder', '--help', ...functionVersions, 'Pending']) {
      expect(help).toContain(word);
    }
  });

  it('refuses anything else', () => {
    const wrong = [
      ['--fast'],
      ['now'],
      ['--functions', 'v1'],
      ['--functions='],
      ['--functions'],
      ['--folder='],
      ['--folder'],
    ];
    for (const args of wrong) {
      expect(readArguments(args)).toEqual({ problem: expect.stringMatching(/\w/) });
    }
  });
});

import { describe, expect, it } from 'vitest';
import { commandList } from '../../src/commands/command-list.ts';
import { mustRead } from '../../src/rules/proxy/reading.ts';
import { type Option, variableOf } from '../../src/settings/option.ts';
import * as allOptions from '../../src/settings/options.ts';
import { readDocument } from '../support/source-tree.ts';

const options = Object.values(allOptions).filter(
  (value): value is Exclude<typeof value, string> => typeof value !== 'string',
);

/** Rows of the README's table of settings: flag, variable, default, commands, what it is. */
function settingRows(): string[][] {
  return readDocument('README.md')
    .split('\n')
    .filter((line) => /^\| `(-\w, )?--/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}

async function commandsTaking(option: Option): Promise<string[]> {
  const names: string[] = [];
  for (const [name, { load }] of Object.entries(commandList)) {
    const command = await load();
    // Two options can share a flag, where no command takes both; a command may have another default.
    const isTaken = Object.values(command.options).some(
      ({ flag, help }) => flag === option.flag && help === option.help,
    );
    if (isTaken) names.push(name);
  }
  return names;
}

describe("the README's table of settings", () => {
  it('has one row per option, and says what the code does', async () => {
    const expected: string[][] = [];
    for (const option of options as Option[]) {
      const short = option.short === undefined ? '' : `-${option.short}, `;
      expected.push([
        `\`${short}--${option.flag}\``,
        `\`${variableOf(option)}\``,
        option.defaultText,
        (await commandsTaking(option)).join(', '),
        option.help,
      ]);
    }
    const byFlag = (left: string[], right: string[]): number =>
      (left[1] ?? '').localeCompare(right[1] ?? '');
    expect(settingRows().sort(byFlag)).toEqual(expected.sort(byFlag));
  });

  it('states the defaults that hold', () => {
    for (const option of options as Option[]) {
      const value: unknown = mustRead(option.schema.read(undefined));
      if (value === undefined || option.defaultText === 'none') continue;
      const text = Array.isArray(value) ? value.join(',') : String(value);
      // A quantity has a unit in its text, and none in its value.
      if (text !== option.defaultText) {
        expect(mustRead(option.schema.read(option.defaultText))).toEqual(value);
      }
    }
  });
});

import { splitList } from '../rules/split-list.ts';
import type { Option, OptionTable } from './option.ts';
import { resemblingOption } from './resembling-option.ts';
import type { Written, WrittenSettings } from './written.ts';

/** Imported as a module, it would come with Node's threads and their messages, which a proxy has no memory to spare for. */
const { parseArgs } = process.getBuiltinModule('node:util');

/** Reads what a command line says, with every problem in it. */
export function readFlags(table: OptionTable, args: readonly string[]): WrittenSettings {
  const options = Object.values(table);
  const written = new Map<string, Written>();
  const problems: string[] = [];
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      options.map((option) => [
        option.flag,
        {
          type: option.placeholder === undefined ? ('boolean' as const) : ('string' as const),
          multiple: true,
          ...(option.short === undefined ? {} : { short: option.short }),
        },
      ]),
    ),
    // Lenient and by tokens: strict parsing stops at the first problem.
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      problems.push(`unexpected argument "${token.value}"`);
      continue;
    }
    const { option, isNegated } = findOption(options, token.name);
    if (option === undefined) {
      problems.push(`unknown option ${token.rawName}${suggestion(options, token.name)}`);
      continue;
    }
    if (isNegated && token.value !== undefined) {
      problems.push(`${token.rawName}: takes no value; write --${option.flag}=${token.value}`);
      continue;
    }
    const text = token.value ?? impliedText(option, isNegated);
    if (text === undefined || text === '') {
      problems.push(`${token.rawName}: needs a value ${option.placeholder ?? ''}`.trimEnd());
      continue;
    }
    const texts = option.isList === true ? splitList(text) : [text];
    const before = written.get(option.flag)?.texts ?? [];
    written.set(option.flag, {
      origin: token.rawName,
      texts: option.isList === true ? [...before, ...texts] : texts,
    });
  }
  return { written, problems };
}

/** The option of a flag; a switch can be turned off as `--no-<flag>`. */
function findOption(
  options: readonly Option[],
  name: string,
): { option: Option | undefined; isNegated: boolean } {
  const exact = options.find(({ flag }) => flag === name);
  if (exact !== undefined) return { option: exact, isNegated: false };
  const negated = options.find(
    ({ flag, placeholder }) => placeholder === undefined && `no-${flag}` === name,
  );
  return { option: negated, isNegated: true };
}

/** What a flag without a value says: something for a switch, nothing for the others. */
function impliedText(option: Option, isNegated: boolean): string | undefined {
  if (option.placeholder !== undefined) return undefined;
  return isNegated ? 'false' : 'true';
}

function suggestion(options: readonly Option[], name: string): string {
  const near = resemblingOption(options, name);
  return near === undefined ? '; see --help' : `; did you mean --${near.flag}?`;
}

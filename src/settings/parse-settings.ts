import { parseArgs } from 'node:util';
import { type Option, type OptionTable, type SettingsOf, variableOf } from './option.ts';

export type ParsedSettings<Table extends OptionTable> =
  | { readonly settings: SettingsOf<Table> }
  /** Everything that is wrong, each with the name the user gave it. */
  | { readonly problems: readonly string[] };

/** Text as the user wrote it, and where. */
interface Written {
  readonly origin: string;
  readonly texts: readonly string[];
}

/**
 * Reads settings from flags and environment variables; a flag decides over its
 * variable, and an empty variable counts as unset. Reports every problem at once.
 *
 * @param args what follows the command's name
 */
export function parseSettings<Table extends OptionTable>(
  table: Table,
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): ParsedSettings<Table> {
  const flags = readFlags(table, args);
  const problems = [...flags.problems];
  const settings: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(table)) {
    const written = flags.written.get(option.flag) ?? readVariable(option, environment);
    const parsed = option.schema.safeParse(textOf(option, written));
    if (parsed.success) {
      settings[name] = parsed.data;
    } else {
      const origin = written?.origin ?? `--${option.flag}`;
      problems.push(...parsed.error.issues.map((issue) => `${origin}: ${issue.message}`));
    }
  }
  return problems.length > 0 ? { problems } : { settings: settings as SettingsOf<Table> };
}

function textOf(option: Option, written: Written | undefined): unknown {
  if (written === undefined) return undefined;
  return option.isList === true ? written.texts : written.texts.at(-1);
}

function readVariable(
  option: Option,
  environment: Readonly<Record<string, string | undefined>>,
): Written | undefined {
  const name = variableOf(option);
  const text = environment[name];
  if (text === undefined || text === '') return undefined;
  return { origin: name, texts: option.isList === true ? splitList(text) : [text] };
}

function readFlags(
  table: OptionTable,
  args: readonly string[],
): { written: Map<string, Written>; problems: string[] } {
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

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '');
}

/** The option that a mistyped one resembles. */
function suggestion(options: readonly Option[], name: string): string {
  const near = options.find(({ flag }) => flag.startsWith(name) || isOneEditAway(flag, name));
  return near === undefined ? '; see --help' : `; did you mean --${near.flag}?`;
}

/** Whether two words differ by one character added, left out or replaced, or by two swapped. */
function isOneEditAway(left: string, right: string): boolean {
  let start = 0;
  while (start < left.length && left[start] === right[start]) start += 1;
  const leftRest = left.slice(start);
  const rightRest = right.slice(start);
  return (
    leftRest.slice(1) === rightRest ||
    leftRest === rightRest.slice(1) ||
    leftRest.slice(1) === rightRest.slice(1) ||
    (leftRest[0] === rightRest[1] &&
      leftRest[1] === rightRest[0] &&
      leftRest.slice(2) === rightRest.slice(2))
  );
}

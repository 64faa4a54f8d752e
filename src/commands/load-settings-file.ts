import { readFile } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import type { SettingsFile } from '../settings/read-settings-file.ts';

/** Aliases that the file may use; more is an attack or a mistake. */
const maxAliasCount = 100;

/**
 * Reads a settings file from the disk: YAML, or JSON, which is YAML. Nothing is
 * thrown; why it cannot be read is a problem of its own.
 */
export async function loadSettingsFile(path: string): Promise<SettingsFile> {
  try {
    const text = await readFile(path, 'utf8');
    // A number or a switch stays the text it is written as, as on the command line.
    const document = parseDocument(text, { schema: 'failsafe', customTags: ['null'] });
    const problems = [...document.errors, ...document.warnings].map(({ message }) =>
      firstLine(message),
    );
    return {
      path,
      content: problems.length > 0 ? null : document.toJS({ maxAliasCount }),
      problems,
    };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const problem = code === 'ENOENT' ? 'no such file' : firstLine(message);
    return { path, content: null, problems: [problem] };
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.replace(/:$/, '') ?? text;
}

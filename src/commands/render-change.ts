import { createTwoFilesPatch } from 'diff';
import picocolors from 'picocolors';
import { stringify } from 'yaml';
import type { JsonObject } from '../api/json.ts';

/** Lines of context around a change. */
const contextLines = 3;

/** Quoted for YAML 1.1, which kubectl reads: there a bare `on` or `0777` is no string. */
export function toYaml(object: JsonObject): string {
  return stringify(object, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false });
}

/**
 * The difference of two objects as a unified diff of their YAML.
 *
 * @param before undefined for an object that does not exist yet
 */
export function renderChange(
  title: string,
  before: JsonObject | undefined,
  after: JsonObject,
  hasColours: boolean,
): string {
  const old = before === undefined ? '' : toYaml(before);
  const now = toYaml(after);
  if (old === now) return `  ${title}: unchanged\n`;
  const patch = createTwoFilesPatch(
    before === undefined ? '(not there)' : title,
    title,
    old,
    now,
    before === undefined ? '' : 'as applied',
    before === undefined ? 'made' : 'as admitted',
    { context: contextLines },
  );
  const lines = patch
    .split('\n')
    // The library opens every patch with a title and a ruler, which say nothing more.
    .filter((line) => !line.startsWith('Index: ') && !/^=+$/.test(line));
  const colours = picocolors.createColors(hasColours);
  return lines
    .map((line) => {
      if (line.startsWith('+')) return colours.green(line);
      if (line.startsWith('-')) return colours.red(line);
      return line.startsWith('@@') ? colours.cyan(line) : line;
    })
    .join('\n');
}

import type picocolors from 'picocolors';
import { type LogEntry, readLogLine } from './read-log-line.ts';

export type Colours = ReturnType<typeof picocolors.createColors>;

/** So that messages begin in one column. */
const levelWidth = 'error'.length;

/** One line of the product's log, for people; what is no such line comes back as it is. */
export function renderLogLine(line: string, colours: Colours): string {
  const entry = readLogLine(line);
  if (entry === undefined) return line;
  const isAdmission = entry.message === 'admission';
  return [
    colours.dim(localTime(entry.time)),
    colourOfLevel(entry.level, colours)(entry.level.padEnd(levelWidth)),
    escapeControls(entry.message),
    ...(isAdmission ? renderAdmission(entry, colours) : renderFields(entry.fields)),
  ].join(' ');
}

/** What was asked, about which object, what came of it, and why. */
function renderAdmission({ fields }: LogEntry, colours: Colours): string[] {
  // The uid is for machines; the file has it.
  const {
    uid: _uid,
    webhook,
    operation,
    resource,
    namespace,
    name,
    generateName,
    ...more
  } = fields;
  const { outcome, milliseconds, ...about } = more;
  // The API server makes a name of a generateName only after admission.
  const shownName = name ?? `${generateName ?? ''}*`;
  return [
    ...[webhook, operation, resource].map(renderValue),
    colours.bold(`${renderValue(namespace)}/${renderValue(shownName)}`),
    colourOfOutcome(outcome, colours)(renderValue(outcome)),
    ...renderFields(about),
    ...(milliseconds === undefined ? [] : [`${renderValue(milliseconds)} ms`]),
  ];
}

function renderFields(fields: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(fields).map(
    ([key, value]) => `${escapeControls(key)}=${renderValue(value)}`,
  );
}

/** Bare where its end is clear, else as JSON. */
function renderValue(value: unknown): string {
  if (typeof value === 'string' && /^[\w.:/*-]+$/.test(value)) return value;
  return escapeControls(JSON.stringify(value) ?? '-');
}

/** Names come from requests: whoever sends one must not move the cursor of whoever reads this. */
function escapeControls(text: string): string {
  return text.replaceAll(
    /\p{Cc}/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The time of day where the reader is, e.g. `14:03:09.120`. */
function localTime(time: string): string {
  const date = new Date(time);
  const pad = (value: number, width = 2): string => String(value).padStart(width, '0');
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => pad(part));
  return `${clock.join(':')}.${pad(date.getMilliseconds(), 3)}`;
}

function colourOfLevel(level: string, colours: Colours): (text: string) => string {
  if (level === 'warn') return colours.yellow;
  if (level === 'error' || level === 'fatal') return colours.red;
  return colours.dim;
}

function colourOfOutcome(outcome: unknown, colours: Colours): (text: string) => string {
  if (outcome === 'patched') return colours.green;
  if (outcome === 'denied') return colours.red;
  if (outcome === 'skipped') return colours.yellow;
  return (text) => text;
}

import { readFile } from 'node:fs/promises';
import { type Document, parseAllDocuments } from 'yaml';
import { asObject, asText, isWithinDepth, type JsonObject, objectsOf } from '../../api/json.ts';
import { listFiles } from './list-files.ts';

/** An object, and where it stands. */
export interface FileObject {
  readonly object: JsonObject;
  /** File and document, for messages: `functions.yaml, document 2`. */
  readonly origin: string;
}

export interface ReadResult {
  readonly objects: FileObject[];
  /** What could not be read, each with its origin. */
  readonly problems: string[];
}

/** Aliases that one document may use; more is an attack or a mistake. */
const maxAliasCount = 100;

/** Deeper than any Kubernetes object, and shallow enough to be written out again. */
const maxDepth = 200;

/** What one file holds. */
export interface FileContent extends ReadResult {
  readonly file: string;
}

/**
 * Reads files and folders, file by file. Nothing is thrown: what cannot be read,
 * a path that does not exist included, is a problem of its own entry.
 */
export async function readFiles(paths: readonly string[]): Promise<FileContent[]> {
  const contents: FileContent[] = [];
  for (const path of paths) {
    try {
      for (const file of await listFiles(path)) contents.push(await readOne(file));
    } catch (error) {
      contents.push({ file: path, objects: [], problems: [unreadable(path, error)] });
    }
  }
  return contents;
}

async function readOne(file: string): Promise<FileContent> {
  try {
    return { file, ...parseObjects(await readFile(file, 'utf8'), file) };
  } catch (error) {
    return { file, objects: [], problems: [unreadable(file, error)] };
  }
}

/** Reads the objects of a text: YAML documents, or JSON, which is YAML. Lists come out as their items. */
export function parseObjects(text: string, name: string): ReadResult {
  const result: ReadResult = { objects: [], problems: [] };
  for (const [index, document] of parseDocuments(text, name, result).entries()) {
    const origin = `${name}, document ${index + 1}`;
    const problem = document.errors[0];
    if (problem !== undefined) {
      result.problems.push(`${origin}: ${firstLine(problem.message)}`);
      continue;
    }
    try {
      addObjects(document.toJS({ maxAliasCount }), origin, result);
    } catch (error) {
      result.problems.push(`${origin}: ${firstLine((error as Error).message)}`);
    }
  }
  return result;
}

function parseDocuments(text: string, name: string, result: ReadResult): Document.Parsed[] {
  try {
    const documents = parseAllDocuments(text, { merge: true });
    // For a text without any document the library returns an empty stream, which is a list, too.
    return [...documents];
  } catch (error) {
    // Nesting so deep that the parser overflows its stack.
    result.problems.push(`${name}: ${firstLine((error as Error).message)}`);
    return [];
  }
}

function addObjects(value: unknown, origin: string, result: ReadResult): void {
  // Between two separators there may be nothing but comments.
  if (value === null || value === undefined) return;
  const object = asObject(value);
  if (object === undefined) {
    result.problems.push(`${origin}: not a Kubernetes object, but ${describe(value)}`);
    return;
  }
  if (!isWithinDepth(object, maxDepth)) {
    result.problems.push(`${origin}: nested deeper than ${maxDepth} levels, or holds itself`);
    return;
  }
  const kind = asText(object['kind']);
  if (kind === undefined || asText(object['apiVersion']) === undefined) {
    result.problems.push(
      `${origin}: not a Kubernetes object: ${kind === undefined ? 'kind' : 'apiVersion'} is not set`,
    );
    return;
  }
  if (kind.endsWith('List') && Array.isArray(object['items'])) {
    for (const { index, item } of objectsOf(object['items'])) {
      addObjects(item, `${origin}, items[${index}]`, result);
    }
    return;
  }
  result.objects.push({ object, origin });
}

function unreadable(path: string, error: unknown): string {
  const { code } = error as { code?: unknown };
  const reason = code === 'ENOENT' ? 'no such file or folder' : firstLine((error as Error).message);
  return `${path}: ${reason}`;
}

function describe(value: unknown): string {
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.replace(/:$/, '') ?? text;
}

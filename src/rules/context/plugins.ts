import { parseDocument } from 'yaml';
import { asList, asShallowObject, asText, at, type Json, type JsonObject } from '../../api/json.ts';

/** What a Function's plugin annotations put into FUNC_CONTEXT. */
export interface Plugins {
  readonly pre: string[];
  readonly post: string[];
  /** `pluginsTracing`; undefined when the Function has no such annotation. */
  readonly tracing: JsonObject | undefined;
}

/**
 * Reads the annotations `plugins` and `plugins.tracing` of a Function, YAML in a
 * string, as OpenFunction's operator does: `order` runs forwards before the
 * function and backwards after it, `pre` and `post` decide over it, and an
 * enabled tracing provider goes innermost. YAML that cannot be read counts as absent.
 *
 * @param annotations `metadata.annotations` of the Function
 */
export function readPlugins(annotations: Readonly<Record<string, string>>): Plugins {
  const known = read.get(annotations);
  if (known !== undefined) return known;
  const plugins = parsePlugins(annotations);
  read.set(annotations, plugins);
  return plugins;
}

/** Every Pod of a Function asks anew, and parsing YAML is slow. */
const read = new WeakMap<Readonly<Record<string, string>>, Plugins>();

function parsePlugins(annotations: Readonly<Record<string, string>>): Plugins {
  const plugins = parseYaml(annotations['plugins']);
  const order = textsOf(plugins?.['order']);
  const pre = textsOf(plugins?.['pre']) ?? order ?? [];
  const post = textsOf(plugins?.['post']) ?? order?.toReversed() ?? [];
  const tracing = parseYaml(annotations['plugins.tracing']);
  const provider = asText(at(tracing, 'provider', 'name'));
  return tracing?.['enabled'] === true && provider !== undefined
    ? { pre: [...pre, provider], post: [provider, ...post], tracing }
    : { pre, post, tracing };
}

/** Far more than a list of plugins takes, and little enough to be parsed in some milliseconds. */
const textMaxLength = 4096;

function parseYaml(text: string | undefined): JsonObject | undefined {
  if (text === undefined || text.length > textMaxLength) return undefined;
  try {
    // At any lower level the library prints warnings by itself, with the user's text in them.
    const document = parseDocument(text, { logLevel: 'error' });
    if (document.errors.length > 0) return undefined;
    // Few aliases, so that a small annotation cannot grow into a large object.
    return asShallowObject(document.toJS({ maxAliasCount: 10 }));
  } catch {
    return undefined;
  }
}

function textsOf(value: Json | undefined): string[] | undefined {
  return asList(value)?.filter((member): member is string => typeof member === 'string');
}

import {
  asList,
  asObject,
  at,
  type Json,
  type JsonObject,
  jsonEquals,
  objectsOf,
} from '../../../src/api/json.ts';
import { runProgram } from '../../support/run-process.ts';
import type { Kubectl } from './kubectl.ts';

/** Spelled out here: a typing mistake in the product must not carry its tests along. */
export const proxyLabel = 'baas.openfunction.io/proxy';

/** As kubectl calls the kinds of objects that are kept. */
export const keptKinds = [
  'deployments',
  'services',
  'networkpolicies',
  'secrets',
  'components.dapr.io',
] as const;

/** What is kept for a Function, or for all of a namespace. */
export function keptObjects(
  kubectl: Kubectl,
  namespace: string,
  functionName?: string,
  kinds: readonly string[] = keptKinds,
): Promise<JsonObject[]> {
  const selector = functionName === undefined ? proxyLabel : `${proxyLabel}=${functionName}`;
  return kubectl.list(kinds.join(','), namespace, selector);
}

/**
 * What `preview` says is kept for Functions, by the program itself.
 *
 * @param objects the Functions, with the Servings, Components and workloads around them
 * @param flags those that the controller runs with and that `preview` has as well
 */
export async function previewed(
  namespace: string,
  objects: readonly JsonObject[],
  flags: readonly string[] = [],
): Promise<JsonObject[]> {
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [...objects] });
  const args = ['preview', '-f', '-', '-n', namespace, '-o', 'json', ...flags];
  const { code, stdout, stderr } = await runProgram(args, { input });
  if (code !== 0) throw new Error(`preview: ${stderr}`);
  return objectsOf(asList(JSON.parse(stdout).items))
    .map(({ item }) => item)
    .filter((object) => at(object, 'metadata', 'labels', proxyLabel) !== undefined)
    .map(withoutToken);
}

/** Every token is another one. */
function withoutToken(object: JsonObject): JsonObject {
  if (object['kind'] !== 'Secret') return object;
  const { data: _data, stringData: _stringData, ...rest } = object;
  return rest;
}

/** `Kind/name`. */
export function titleOf(object: JsonObject): string {
  return `${object['kind']}/${at(object, 'metadata', 'name')}`;
}

/** Titles of objects, sorted. */
export function titlesOf(objects: readonly JsonObject[]): string[] {
  return objects.map(titleOf).sort();
}

/** Everything in which live objects are not what is wanted; empty when nothing. */
export function objectDifferences(
  wanted: readonly JsonObject[],
  live: readonly JsonObject[],
): string[] {
  const liveByTitle = new Map(live.map((object) => [titleOf(object), object]));
  const wantedTitles = new Set(wanted.map(titleOf));
  return [
    ...[...liveByTitle.keys()].filter((title) => !wantedTitles.has(title)).map((t) => `extra ${t}`),
    ...wanted.flatMap((object) => {
      const title = titleOf(object);
      const found = liveByTitle.get(title);
      return found === undefined ? [`no ${title}`] : fieldDifferences(object, found, title);
    }),
  ];
}

/** Fields that are not as wanted. API servers add fields, and never members of these lists. */
function fieldDifferences(
  wanted: Json | undefined,
  live: Json | undefined,
  path: string,
): string[] {
  const wantedList = asList(wanted);
  if (wantedList !== undefined) {
    const liveList = asList(live) ?? [];
    return liveList.length === wantedList.length
      ? wantedList.flatMap((item, index) =>
          fieldDifferences(item, liveList[index], `${path}[${index}]`),
        )
      : [differs(path, wanted, live)];
  }
  const wantedObject = asObject(wanted);
  if (wantedObject === undefined) return isSame(wanted, live) ? [] : [differs(path, wanted, live)];
  return Object.entries(wantedObject).flatMap(([key, value]) =>
    fieldDifferences(value, asObject(live)?.[key], `${path}.${key}`),
  );
}

function isSame(wanted: Json | undefined, live: Json | undefined): boolean {
  // Typed objects come back without what is no more than Go's zero value.
  if (wanted === false && live === undefined) return true;
  return wanted === live || isSameContext(wanted, live);
}

/** API servers sort the keys of a Function, and contexts quote parts of it. */
function isSameContext(wanted: Json | undefined, live: Json | undefined): boolean {
  if (typeof wanted !== 'string' || typeof live !== 'string') return false;
  if (!wanted.startsWith('{') || !live.startsWith('{')) return false;
  return jsonEquals(JSON.parse(wanted), JSON.parse(live));
}

function differs(path: string, wanted: Json | undefined, live: Json | undefined): string {
  return `${path} is ${JSON.stringify(live)}, and should be ${JSON.stringify(wanted)}`;
}

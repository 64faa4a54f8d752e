import { asList, asText, at, objectsOf, own } from '../../api/json.ts';
import type { TopicInput } from './event-inputs.ts';

/** What goes before the names in the paths on which daprd brings topic events. */
const routePrefix = '/openfunction/topics/';

/**
 * The path on which daprd is asked to bring the events of a topic. daprd cleans
 * paths and escapes nothing, and topics hold slashes, dots and anything else, so
 * that all but letters, digits and `-` become `_` and the hex digits of their UTF-8.
 */
export function topicRouteOf({ pubsub, topic }: TopicInput): string {
  return `${routePrefix}${pathSafe(pubsub)}/${pathSafe(topic)}`;
}

function pathSafe(name: string): string {
  // `_` would otherwise be both itself and the start of an escape.
  return encodeURIComponent(name.toWellFormed())
    .replaceAll('_', '%5F')
    .replaceAll(/[.!~*'()]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%', '_');
}

/** Tells topics apart: no name holds a line break that could make two alike. */
export function topicKey(pubsub: string, topic: string): string {
  return JSON.stringify([pubsub, topic]);
}

/**
 * What a pod says of its topics, in answer to `GET /dapr/subscribe`: the Go and the
 * Node framework have different paths for the same topic.
 *
 * Of a topic with rules the default counts, else the rule that matches always: the
 * proxy subscribes to topics as a whole.
 *
 * @param body JSON
 * @returns path by `topicKey`; undefined when it is no such answer, such as the empty
 *   one of a pod that has the same for every path
 */
export function readTopicRoutes(body: string): ReadonlyMap<string, string> | undefined {
  const list = parseList(body);
  if (list === undefined) return undefined;
  const routes = new Map<string, string>();
  for (const { item } of objectsOf(list)) {
    const pubsub = asText(own(item, 'pubsubname'));
    const topic = asText(own(item, 'topic'));
    const route = asText(own(item, 'route')) ?? defaultRoute(own(item, 'routes'));
    if (pubsub === undefined || topic === undefined || route === undefined) continue;
    routes.set(topicKey(pubsub, topic), asPath(route));
  }
  return routes;
}

function parseList(body: string): unknown {
  try {
    return asList(JSON.parse(body));
  } catch {
    return undefined;
  }
}

function defaultRoute(routes: unknown): string | undefined {
  const always = objectsOf(at(routes, 'rules')).find(
    ({ item }) => asText(own(item, 'match')) === undefined,
  );
  return asText(at(routes, 'default')) ?? asText(always?.item['path']);
}

/** Where a pod that does not say takes the events of a topic: as the Go framework has it. */
export function fallbackRouteOf(topic: string): string {
  return asPath(topic);
}

/** As a request line can hold it; what is escaped already stays so. */
function asPath(route: string): string {
  const path = route.startsWith('/') ? route : `/${route}`;
  return path.toWellFormed().replaceAll(/[^!-~]/gu, encodeURIComponent);
}

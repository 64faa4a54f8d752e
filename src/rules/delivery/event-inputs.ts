import {
  asObject,
  asPort,
  asString,
  asText,
  at,
  type Json,
  type JsonObject,
  objectsOf,
  own,
} from '../../api/json.ts';
import { EnvVar, Port } from '../../api/keys.ts';

/** A topic that daprd shall subscribe to, under the names that daprd uses. */
export interface TopicInput {
  /** `metadata.name` of the pub/sub Component. */
  readonly pubsub: string;
  readonly topic: string;
}

/** What a Function's contexts say of the events that it takes. */
export interface EventInputs {
  /** A sync Function takes none; it is invoked, if anything. */
  readonly kind: 'async' | 'sync';
  /** In the order of the contexts, none twice. */
  readonly topics: readonly TopicInput[];
  /** `metadata.name` of the input bindings, none twice. */
  readonly bindings: readonly string[];
  /** Port on which daprd expects its app. */
  readonly port: number;
}

export type ReadEventInputs =
  | {
      readonly inputs: EventInputs;
      /** Inputs that nothing can be delivered for, one sentence each. */
      readonly warnings: readonly string[];
    }
  | { readonly problem: string };

/**
 * Reads what a proxy is to bring from the two contexts of its Function.
 *
 * FUNC_CONTEXT has the runtime, the port and the inputs by name. Two triggers of
 * a v1beta2 Function on one component share a name there, so that only the last
 * is left; FUNC_CONTEXT_V1BETA2 has all of them (`triggers.dapr`), each under the
 * real name of its component. What either has counts.
 *
 * @param contextText FUNC_CONTEXT
 * @param v1beta2Text FUNC_CONTEXT_V1BETA2, which OpenFunction writes from 1.1.0 on
 */
export function readEventInputs(
  contextText: string | undefined,
  v1beta2Text: string | undefined,
): ReadEventInputs {
  const context = parseObject(contextText);
  if (context === undefined) {
    return { problem: `${EnvVar.funcContext}: ${whyNot(contextText)}` };
  }
  const v1beta2 = parseObject(v1beta2Text);
  if (v1beta2 === undefined && asText(v1beta2Text) !== undefined) {
    return { problem: `${EnvVar.funcContextV1beta2}: ${whyNot(v1beta2Text)}` };
  }
  const runtime = asString(context['runtime'])?.toLowerCase();
  if (runtime !== 'async' && runtime !== 'knative') {
    return { problem: `${EnvVar.funcContext}: runtime: must be "Async" or "Knative"` };
  }
  const port = readPort(context['port']);
  if (port === undefined) {
    return { problem: `${EnvVar.funcContext}: port: must be a port number from 1 to 65535` };
  }
  if (runtime === 'knative') {
    return { inputs: { kind: 'sync', topics: [], bindings: [], port }, warnings: [] };
  }
  const { topics, bindings, warnings } = sortInputs([
    ...inputsOf(context),
    ...triggersOf(v1beta2, typesByComponent(context)),
  ]);
  return { inputs: { kind: 'async', topics, bindings, port }, warnings };
}

interface NamedInput {
  readonly component: string;
  /** Dapr's component type; empty when nobody says. */
  readonly type: string;
  readonly topic: string | undefined;
}

function sortInputs(
  named: readonly NamedInput[],
): Omit<EventInputs, 'kind' | 'port'> & { warnings: string[] } {
  const topics = new Map<string, TopicInput>();
  const bindings = new Set<string>();
  const warnings: string[] = [];
  for (const { component, type, topic } of named) {
    if (type.startsWith('bindings') || (type === '' && topic === undefined)) {
      bindings.add(component);
    } else if (type !== '' && !type.startsWith('pubsub')) {
      warnings.push(`input ${component}: no events come from a component of type ${type}`);
    } else if (topic === undefined) {
      warnings.push(`input ${component}: has no topic, so that nothing can be subscribed to`);
    } else {
      topics.set(JSON.stringify([component, topic]), { pubsub: component, topic });
    }
  }
  return { topics: [...topics.values()], bindings: [...bindings], warnings };
}

function inputsOf(context: JsonObject): NamedInput[] {
  const inputs = asObject(context['inputs']) ?? {};
  return Object.values(inputs).flatMap((input) => {
    const component = asText(at(input, 'componentName'));
    if (component === undefined) return [];
    const type = asString(at(input, 'componentType')) ?? '';
    return [{ component, type, topic: asText(at(input, 'uri')) }];
  });
}

function triggersOf(
  v1beta2: JsonObject | undefined,
  types: ReadonlyMap<string, string>,
): NamedInput[] {
  return objectsOf(at(v1beta2, 'triggers', 'dapr')).flatMap(({ item }) => {
    const component = asText(own(item, 'name'));
    if (component === undefined) return [];
    const type = asText(own(item, 'type')) ?? types.get(component) ?? '';
    return [{ component, type, topic: asText(own(item, 'topic')) }];
  });
}

/** A trigger need not state its type; an input always does, as far as it is known. */
function typesByComponent(context: JsonObject): ReadonlyMap<string, string> {
  return new Map(inputsOf(context).map(({ component, type }) => [component, type]));
}

function readPort(written: Json | undefined): number | undefined {
  const isUnset = written === undefined || written === null || written === '';
  return isUnset ? Port.functionDefault : asPort(written);
}

function parseObject(text: string | undefined): JsonObject | undefined {
  if (text === undefined) return undefined;
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function whyNot(text: string | undefined): string {
  return asText(text) === undefined
    ? "must be set, to the Function's context as JSON"
    : 'must be a JSON object';
}

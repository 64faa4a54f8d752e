import type { DaprUse, FunctionModel, ServingModel } from '../../api/function.ts';
import { type JsonObject, setOwn } from '../../api/json.ts';
import type { ComponentLookup } from './component-lookup.ts';
import { type ResolvedComponent, resolveComponent } from './component-names.ts';
import { readPlugins } from './plugins.ts';

/** What beside the Function decides the component names in its contexts. */
export interface ContextFacts {
  /** Names of the Function's Servings, the preferred one first; empty where OpenFunction makes none. */
  readonly servings: readonly string[];
  readonly components: ComponentLookup;
}

/**
 * FUNC_CONTEXT: the JSON that the functions frameworks and the proxy read, with
 * the field names and rules of OpenFunction's operator (functioncontext.go).
 */
export function functionContext(fn: FunctionModel, facts: ContextFacts): string {
  const serving = fn.serving;
  const isAsync = serving?.runtime === 'async';
  const plugins = readPlugins(fn.annotations);
  const context: JsonObject = {
    name: fn.name,
    version: fn.release,
    ...member('inputs', isAsync ? channels(fn, serving.inputs, facts) : {}),
    ...member('outputs', channels(fn, serving?.outputs ?? [], facts)),
    ...member('states', stores(fn, serving, facts)),
    // The Go framework accepts just these two spellings.
    runtime: isAsync ? 'Async' : 'Knative',
    port: String(fn.port),
    ...(plugins.pre.length > 0 ? { prePlugins: plugins.pre } : {}),
    ...(plugins.post.length > 0 ? { postPlugins: plugins.post } : {}),
    ...(plugins.tracing === undefined ? {} : { pluginsTracing: plugins.tracing }),
  };
  return JSON.stringify(context);
}

/** Inputs or outputs, by the name that the function's code uses for them. */
function channels(fn: FunctionModel, uses: readonly DaprUse[], facts: ContextFacts): JsonObject {
  const byKey: JsonObject = {};
  for (const use of uses) {
    const component = resolve(fn, use, facts);
    // A binding is addressed by the name that the Function declares, a topic by itself.
    const uri = component.type.startsWith('bindings') ? use.component : use.topic;
    setOwn(byKey, use.key, {
      ...(uri === undefined ? {} : { uri }),
      componentName: component.name,
      componentType: component.type,
      ...member('metadata', use.metadata),
      ...(use.kind === 'output' && use.operation !== undefined ? { operation: use.operation } : {}),
    });
  }
  return byKey;
}

function stores(
  fn: FunctionModel,
  serving: ServingModel | undefined,
  facts: ContextFacts,
): JsonObject {
  const byKey: JsonObject = {};
  for (const use of serving?.states ?? []) {
    const { name, type } = resolve(fn, use, facts);
    setOwn(byKey, use.key, { componentName: name, componentType: type });
  }
  return byKey;
}

/** The component that an entry names, under its real name. */
export function resolve(fn: FunctionModel, use: DaprUse, facts: ContextFacts): ResolvedComponent {
  return resolveComponent(fn, use.component, use.type, facts.servings, facts.components);
}

/** The member when it holds something; an empty one is left out of the JSON. */
export function member(name: string, value: Readonly<JsonObject>): JsonObject {
  return Object.keys(value).length === 0 ? {} : { [name]: { ...value } };
}

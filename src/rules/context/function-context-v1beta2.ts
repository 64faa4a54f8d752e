import type { DaprUse, FunctionModel, ServingModel } from '../../api/function.ts';
import { asList, type JsonObject, setOwn } from '../../api/json.ts';
import { type ContextFacts, member, resolve } from './function-context.ts';

/**
 * FUNC_CONTEXT_V1BETA2, as OpenFunction writes it from 1.1.0 on. Beside its
 * newer field names it keeps what FUNC_CONTEXT cannot: two triggers on one
 * component with different topics.
 */
export function functionContextV1beta2(fn: FunctionModel, facts: ContextFacts): string {
  const { serving } = fn;
  const context: JsonObject = {
    name: fn.name,
    version: fn.release,
    ...member('triggers', serving === undefined ? {} : triggers(fn, serving, facts)),
    ...member('inputs', components(fn, serving?.passiveInputs ?? [], facts)),
    ...member('outputs', components(fn, serving?.outputs ?? [], facts)),
    ...member('states', components(fn, serving?.states ?? [], facts)),
    ...hooks(serving),
    ...(serving?.tracing?.['enabled'] === true ? { tracing: serving.tracing } : {}),
  };
  return JSON.stringify(context);
}

function triggers(fn: FunctionModel, serving: ServingModel, facts: ContextFacts): JsonObject {
  const http = serving.triggers?.['http'];
  const dapr = serving.runtime === 'async' ? serving.inputs : [];
  const inputs = serving.triggers?.['inputs'];
  const hasHttp = serving.runtime === 'sync' || (http !== undefined && http !== null);
  return {
    ...(hasHttp
      ? { http: typeof http === 'object' && http !== null ? http : { port: fn.port } }
      : {}),
    ...(dapr.length === 0 ? {} : { dapr: dapr.map((use) => daprTrigger(fn, use, facts)) }),
    ...((asList(inputs)?.length ?? 0) === 0 ? {} : { inputs }),
  };
}

function daprTrigger(fn: FunctionModel, use: DaprUse, facts: ContextFacts): JsonObject {
  const { name, type } = resolve(fn, use, facts);
  return {
    name,
    ...(type === '' ? {} : { type }),
    ...(use.topic === undefined ? {} : { topic: use.topic }),
    ...(use.key === use.component ? {} : { inputName: use.key }),
  };
}

function components(fn: FunctionModel, uses: readonly DaprUse[], facts: ContextFacts): JsonObject {
  const byName: JsonObject = {};
  for (const use of uses) {
    const { name, type } = resolve(fn, use, facts);
    setOwn(byName, use.component, {
      componentName: name,
      componentType: type,
      // OpenFunction copies the topic of inputs only.
      ...(use.kind === 'passive input' && use.topic !== undefined ? { topic: use.topic } : {}),
      ...member('metadata', use.metadata),
      ...(use.operation === undefined ? {} : { operation: use.operation }),
    });
  }
  return byName;
}

function hooks(serving: ServingModel | undefined): JsonObject {
  const pre = asList(serving?.hooks?.['pre']) ?? [];
  const post = asList(serving?.hooks?.['post']) ?? [];
  return {
    ...(pre.length === 0 ? {} : { preHooks: [...pre] }),
    ...(post.length === 0 ? {} : { postHooks: [...post] }),
  };
}

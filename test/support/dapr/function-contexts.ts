import { EnvVar } from '../../../src/api/keys.ts';

/** What a Function of the tests takes events from. */
export interface FunctionInputs {
  /** Component, and a topic of it. */
  readonly topics?: readonly (readonly [pubsub: string, topic: string])[];
  /** Components of input bindings. */
  readonly bindings?: readonly string[];
}

/**
 * The environment that tells a proxy about its Function, as OpenFunction writes
 * it: the older context knows one input per name of a component, the newer one
 * lists every trigger.
 *
 * @param port on which daprd expects its app
 */
export function functionContexts(
  { topics = [], bindings = [] }: FunctionInputs,
  port: number,
): Record<string, string> {
  const inputs = [
    ...topics.map(([pubsub, topic]) => ({ component: pubsub, type: 'pubsub.in-memory', topic })),
    ...bindings.map((component) => ({ component, type: 'bindings.cron', topic: undefined })),
  ];
  const context = {
    name: 'orders',
    version: 'v1',
    runtime: 'Async',
    port: String(port),
    inputs: Object.fromEntries(
      inputs.map(({ component, type, topic }) => [
        component,
        { uri: topic, componentName: component, componentType: type },
      ]),
    ),
  };
  const triggers = inputs.map(({ component, type, topic }) => ({ name: component, type, topic }));
  return {
    [EnvVar.funcContext]: JSON.stringify(context),
    [EnvVar.funcContextV1beta2]: JSON.stringify({
      name: context.name,
      version: context.version,
      triggers: { dapr: triggers },
    }),
  };
}

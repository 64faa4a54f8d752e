import type { JsonObject } from '../../src/api/json.ts';
import type { FunctionVersion } from '../../src/api/keys.ts';
import { daprServiceMode, enableDapr } from './functions.ts';

/** What stands in an annotation; `invalid` is any value that is not allowed. */
export type Enable = 'unset' | 'true' | 'false' | 'invalid';
export type Mode = 'unset' | 'standalone' | 'sidecar' | 'invalid';
export type Effective = 'disabled' | 'sidecar' | 'standalone';

interface Row {
  readonly enable: readonly Enable[];
  readonly backends: 'any' | 'yes' | 'no';
  readonly mode: readonly Mode[];
  readonly effective: Effective;
}

const anyMode: readonly Mode[] = ['unset', 'standalone', 'sidecar', 'invalid'];
const proxied: readonly Mode[] = ['unset', 'standalone', 'invalid'];

/** The decision as people were promised it, row by row; an invalid value counts as unset. */
const table: readonly Row[] = [
  { enable: ['false'], backends: 'any', mode: anyMode, effective: 'disabled' },
  { enable: ['true'], backends: 'any', mode: proxied, effective: 'standalone' },
  { enable: ['true'], backends: 'any', mode: ['sidecar'], effective: 'sidecar' },
  { enable: ['unset', 'invalid'], backends: 'no', mode: anyMode, effective: 'disabled' },
  { enable: ['unset', 'invalid'], backends: 'yes', mode: proxied, effective: 'standalone' },
  { enable: ['unset', 'invalid'], backends: 'yes', mode: ['sidecar'], effective: 'sidecar' },
];

export interface Backends {
  readonly version: FunctionVersion;
  readonly called: string;
  readonly has: 'yes' | 'no';
  /** Members of `spec.serving`. */
  readonly serving: JsonObject;
}

const backends: readonly Backends[] = [
  { version: 'v1beta1', called: 'nothing', has: 'no', serving: {} },
  {
    version: 'v1beta1',
    called: 'empty lists',
    has: 'no',
    serving: { inputs: [], outputs: [] },
  },
  { version: 'v1beta1', called: 'an empty map of states', has: 'no', serving: { states: {} } },
  {
    version: 'v1beta1',
    called: 'declared components that nothing uses',
    has: 'no',
    serving: { bindings: { kafka: { type: 'bindings.kafka' } } },
  },
  {
    version: 'v1beta1',
    called: 'inputs',
    has: 'yes',
    serving: { runtime: 'async', inputs: [{ name: 'in', component: 'kafka' }] },
  },
  {
    version: 'v1beta1',
    called: 'outputs',
    has: 'yes',
    serving: { outputs: [{ name: 'out', component: 'kafka' }] },
  },
  { version: 'v1beta1', called: 'states', has: 'yes', serving: { states: { store: {} } } },
  { version: 'v1beta2', called: 'nothing', has: 'no', serving: {} },
  {
    version: 'v1beta2',
    called: 'empty lists',
    has: 'no',
    serving: { triggers: { dapr: [], inputs: [] }, outputs: [] },
  },
  { version: 'v1beta2', called: 'an empty map of states', has: 'no', serving: { states: {} } },
  {
    version: 'v1beta2',
    called: 'an HTTP trigger',
    has: 'no',
    serving: { triggers: { http: { port: 8080 } } },
  },
  {
    version: 'v1beta2',
    called: 'an output that is not for Dapr',
    has: 'no',
    serving: { outputs: [{ other: { name: 'kafka' } }] },
  },
  {
    version: 'v1beta2',
    called: 'Dapr triggers',
    has: 'yes',
    serving: { triggers: { dapr: [{ name: 'kafka', type: 'bindings.kafka' }] } },
  },
  {
    version: 'v1beta2',
    called: 'trigger inputs',
    has: 'yes',
    serving: { triggers: { http: {}, inputs: [{ dapr: { name: 'kafka' } }] } },
  },
  {
    version: 'v1beta2',
    called: 'outputs',
    has: 'yes',
    serving: { outputs: [{ other: {} }, { dapr: { name: 'kafka' } }] },
  },
  { version: 'v1beta2', called: 'states', has: 'yes', serving: { states: { store: {} } } },
];

export interface Case extends Backends {
  readonly enable: Enable;
  readonly mode: Mode;
  readonly effective: Effective;
  /** `spec.serving.annotations` of the case; undefined when both are unset. */
  readonly annotations: JsonObject | undefined;
}

/** Every combination, each with the row of the table that covers it. */
export const cases: readonly Case[] = backends.flatMap((backend) =>
  table
    .filter((row) => row.backends === 'any' || row.backends === backend.has)
    .flatMap((row) =>
      row.enable.flatMap((enable) =>
        row.mode.map((mode) => ({
          ...backend,
          enable,
          mode,
          effective: row.effective,
          annotations: annotationsOf(enable, mode),
        })),
      ),
    ),
);

function annotationsOf(enable: Enable, mode: Mode): JsonObject | undefined {
  const annotations = {
    ...(enable === 'unset' ? {} : { [enableDapr]: enable === 'invalid' ? 'yes' : enable }),
    ...(mode === 'unset' ? {} : { [daprServiceMode]: mode === 'invalid' ? 'proxy' : mode }),
  };
  return Object.keys(annotations).length === 0 ? undefined : annotations;
}

import {
  BaasLabel,
  functionGroup,
  OpenFunctionLabel,
  webhookConfigurationName,
} from '../../api/keys.ts';
import type { Labels } from './label-selector.ts';

/** An object as selectors see it. */
export interface SampleObject {
  /** What it is, in the plural, as in `function pods with the label x`. */
  readonly what: string;
  readonly labels: Labels;
}

/** What one webhook has to be called for. */
export interface NeededWebhook {
  readonly configuration: 'mutating' | 'validating';
  readonly name: string;
  readonly path: string;
  readonly group: string;
  readonly resource: 'functions' | 'pods';
  readonly operations: readonly string[];
  /** Objects that have to reach it. */
  readonly wanted: readonly SampleObject[];
  /** Objects that have no business there. */
  readonly unwanted: readonly SampleObject[];
  /** Names of match conditions that are this project's own. */
  readonly conditions: readonly string[];
}

const value = 'x';

const functions = {
  group: functionGroup,
  resource: 'functions',
  operations: ['CREATE', 'UPDATE'],
  wanted: [{ what: 'Functions', labels: {} }],
  unwanted: [],
  conditions: ['not-being-deleted'],
} as const;

/** The labels by which a Pod says whose it is: OpenFunction writes the second, this project adds the first. */
const functionLabel = { [OpenFunctionLabel.function]: value };
const servingLabel = { [OpenFunctionLabel.serving]: value };
const both = {
  what: `Pods with both ${OpenFunctionLabel.function} and ${OpenFunctionLabel.serving}`,
  labels: { ...functionLabel, ...servingLabel, [OpenFunctionLabel.managed]: 'true' },
};

const pods = {
  configuration: 'mutating',
  path: '/mutate/pods',
  group: '',
  resource: 'pods',
  operations: ['CREATE'],
  conditions: ['no-mirror-pod', 'not-done'],
} as const;

/** Every webhook that this project registers, and what API servers have to call it for. */
export const neededWebhooks: readonly NeededWebhook[] = [
  {
    ...functions,
    configuration: 'mutating',
    name: `functions.mutate.${webhookConfigurationName}`,
    path: '/mutate/functions',
  },
  {
    ...pods,
    name: `function-pods.mutate.${webhookConfigurationName}`,
    wanted: [{ what: `Pods with ${OpenFunctionLabel.function}`, labels: functionLabel }, both],
    unwanted: podsOfOthers(functionLabel),
  },
  {
    ...pods,
    name: `serving-pods.mutate.${webhookConfigurationName}`,
    wanted: [{ what: `Pods with ${OpenFunctionLabel.serving}`, labels: servingLabel }, both],
    unwanted: podsOfOthers(servingLabel),
  },
  {
    ...functions,
    configuration: 'validating',
    name: `functions.validate.${webhookConfigurationName}`,
    path: '/validate/functions',
  },
];

/** Pods that admission leaves alone, and that should not wait for it either. */
function podsOfOthers(label: Labels): SampleObject[] {
  return [
    { what: 'Pods of no Function', labels: {} },
    { what: 'pods of proxies', labels: { ...label, [BaasLabel.proxy]: value } },
    {
      what: "pods of OpenFunction's proxies",
      labels: { ...label, [OpenFunctionLabel.proxy]: value },
    },
    { what: 'Pods that are opted out', labels: { ...label, [BaasLabel.inject]: 'disabled' } },
  ];
}

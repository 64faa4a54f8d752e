import { projectName } from '../api/keys.ts';
import { isDnsLabel } from '../rules/names.ts';
import type { Reading } from '../rules/proxy/reading.ts';
import { readSwitch } from '../rules/proxy/setting-readers.ts';
import type { Option } from './option.ts';
import {
  anyText,
  labelName,
  oneOf,
  portFrom,
  seconds,
  subdomainName,
  TextSchema,
  wholeNumber,
} from './text-schema.ts';

/** Every option of every command, once. A command names those it takes. */

export * from './common-options.ts';
export * from './data-plane-options.ts';
export * from './options-of-certificates.ts';
export * from './options-of-proxies.ts';
export { version } from './version.ts';

const outputFormats = ['yaml', 'json', 'diff'] as const;
const reportFormats = ['text', 'json'] as const;

const defaultExcludedNamespaces = ['kube-system', 'kube-public', 'kube-node-lease'];

export const port = {
  flag: 'port',
  placeholder: 'PORT',
  schema: new TextSchema(portFrom(0), 9443),
  defaultText: '9443',
  help: 'Port of the admission endpoints, HTTPS; 0 takes a free one.',
} satisfies Option;

export const offline = {
  flag: 'offline',
  schema: new TextSchema(readSwitch, false),
  defaultText: 'false',
  help: 'Take Functions, Servings and Components from files (-f) instead of a cluster.',
} satisfies Option;

export const filename = {
  flag: 'filename',
  short: 'f',
  placeholder: 'FILE',
  isList: true,
  schema: new TextSchema<readonly string[], readonly string[]>(anyText, []),
  defaultText: 'none',
  help: 'YAML or JSON file, or folder of such files with all its folders; may be given several times.',
} satisfies Option;

export const kubeconfig = {
  flag: 'kubeconfig',
  placeholder: 'FILE',
  schema: new TextSchema<string | undefined>(anyText, undefined),
  defaultText: "as kubectl finds it, else the pod's own ServiceAccount",
  help: 'How to reach the cluster.',
} satisfies Option;

export const serviceAccountDir = {
  flag: 'service-account-dir',
  placeholder: 'FOLDER',
  schema: new TextSchema<string>(anyText, '/var/run/secrets/kubernetes.io/serviceaccount'),
  defaultText: '/var/run/secrets/kubernetes.io/serviceaccount',
  help: "The pod's own ServiceAccount, with token, ca.crt and namespace: the way to the cluster where there is no kubeconfig.",
} satisfies Option;

/** Not `--context`, since its variable would be one that anybody may have set. */
export const kubeContext = {
  flag: 'kube-context',
  placeholder: 'NAME',
  schema: new TextSchema<string | undefined>(anyText, undefined),
  defaultText: "the kubeconfig's current one",
  help: 'Context of the kubeconfig, and so the cluster and the user.',
} satisfies Option;

export const installNamespace = {
  flag: 'install-namespace',
  placeholder: 'NAMESPACE',
  schema: new TextSchema(labelName('a namespace'), projectName),
  defaultText: projectName,
  help: 'Namespace that this project is installed in.',
} satisfies Option;

export const excludedNamespaces = {
  flag: 'excluded-namespaces',
  placeholder: 'NAMESPACE',
  isList: true,
  schema: new TextSchema(readNamespaces, defaultExcludedNamespaces),
  defaultText: defaultExcludedNamespaces.join(','),
  help: 'Namespaces whose Pods are left alone; separated by commas, or several times.',
} satisfies Option;

export const shutdownTimeout = {
  flag: 'shutdown-timeout',
  placeholder: 'SECONDS',
  schema: new TextSchema(seconds(0, 3600), 20),
  defaultText: '20',
  help: 'How long requests in flight may take to finish after SIGTERM.',
} satisfies Option;

export const namespace = {
  flag: 'namespace',
  short: 'n',
  placeholder: 'NAMESPACE',
  schema: new TextSchema(labelName('a namespace'), 'default'),
  defaultText: 'default',
  help: 'Namespace of objects that name none.',
} satisfies Option;

export const output = {
  flag: 'output',
  short: 'o',
  placeholder: 'FORMAT',
  schema: new TextSchema(oneOf(outputFormats), 'yaml'),
  defaultText: 'yaml',
  help: 'yaml, json (one List), or diff (what admission changes, and why).',
} satisfies Option;

/** The same flag for what is no object: a command takes one of the two. */
export const reportFormat = {
  flag: 'output',
  short: 'o',
  placeholder: 'FORMAT',
  schema: new TextSchema(oneOf(reportFormats), 'text'),
  defaultText: 'text',
  help: 'text (for people), or json (for programs).',
} satisfies Option;

export const leaderElect = {
  flag: 'leader-elect',
  schema: new TextSchema(readSwitch, true),
  defaultText: 'true',
  help: 'Reconcile only while holding the Lease; turn off only where exactly one process runs.',
} satisfies Option;

export const leaseName = {
  flag: 'lease-name',
  placeholder: 'NAME',
  schema: new TextSchema(subdomainName('a Lease'), projectName),
  defaultText: projectName,
  help: 'Lease that the process holds which reconciles.',
} satisfies Option;

export const leaseNamespace = {
  flag: 'lease-namespace',
  placeholder: 'NAMESPACE',
  schema: new TextSchema<string | undefined>(labelName('a namespace'), undefined),
  defaultText: "the pod's own, else that of the kubeconfig's context, else default",
  help: 'Namespace of the Lease.',
} satisfies Option;

export const concurrency = {
  flag: 'concurrency',
  placeholder: 'NUMBER',
  schema: new TextSchema(wholeNumber(1, 100), 10),
  defaultText: '10',
  help: 'Functions that are reconciled at the same time.',
} satisfies Option;

export const repairMissedPods = {
  flag: 'repair-missed-pods',
  schema: new TextSchema(readSwitch, false),
  defaultText: 'false',
  help: 'Evict function pods that were made while the webhook was away, so that they are made anew and admitted.',
} satisfies Option;

export const repairRate = {
  flag: 'repair-rate',
  placeholder: 'NUMBER',
  schema: new TextSchema(wholeNumber(1, 6000), 20),
  defaultText: '20',
  help: 'Evictions per minute at most, with --repair-missed-pods.',
} satisfies Option;

function readNamespaces(names: readonly string[]): Reading<readonly string[]> {
  return names.every((name) => isDnsLabel(name))
    ? { value: names }
    : { problem: 'must be names of namespaces' };
}

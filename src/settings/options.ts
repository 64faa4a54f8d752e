import { z } from 'zod';
import { Port } from '../api/keys.ts';
import { isDnsLabel } from '../rules/names.ts';
import type { Option } from './option.ts';

/** Every option of every command, once. A command names those it takes. */

/** Version of this project; the same as in package.json. */
export const version = '0.1.0';

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
const outputFormats = ['yaml', 'json', 'diff'] as const;
const dnsDomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

const defaultExcludedNamespaces = ['kube-system', 'kube-public', 'kube-node-lease'];

export const port = {
  flag: 'port',
  placeholder: 'PORT',
  schema: portSchema(9443),
  defaultText: '9443',
  help: 'Port of the admission endpoints, HTTPS; 0 takes a free one.',
} satisfies Option;

export const healthPort = {
  flag: 'health-port',
  placeholder: 'PORT',
  schema: portSchema(Port.health),
  defaultText: String(Port.health),
  help: 'Port of /healthz, /readyz and /metrics, plain HTTP; 0 takes a free one.',
} satisfies Option;

export const listenAddress = {
  flag: 'listen-address',
  placeholder: 'ADDRESS',
  schema: z.union([z.ipv4(), z.ipv6()], { error: 'must be an IPv4 or IPv6 address' }).default('::'),
  defaultText: '::',
  help: 'Address to listen on, for both ports; :: is every address, IPv4 and IPv6.',
} satisfies Option;

export const certDir = {
  flag: 'cert-dir',
  placeholder: 'FOLDER',
  schema: z.string().default('certs'),
  defaultText: 'certs',
  help: 'Folder of ca.crt, tls.crt and tls.key; with --offline they are made when they are not there.',
} satisfies Option;

export const offline = {
  flag: 'offline',
  schema: switchSchema(false),
  defaultText: 'false',
  help: 'Take Functions, Servings and Components from files (-f) instead of a cluster.',
} satisfies Option;

export const filename = {
  flag: 'filename',
  short: 'f',
  placeholder: 'FILE',
  isList: true,
  schema: z.array(z.string()).default([]),
  defaultText: 'none',
  help: 'YAML or JSON file, or folder of such files with all its folders; may be given several times.',
} satisfies Option;

export const kubeconfig = {
  flag: 'kubeconfig',
  placeholder: 'FILE',
  schema: z.string().optional(),
  defaultText: "as kubectl finds it, else the pod's own ServiceAccount",
  help: 'How to reach the cluster.',
} satisfies Option;

export const clusterDomain = {
  flag: 'cluster-domain',
  placeholder: 'DOMAIN',
  schema: z
    .string()
    .regex(dnsDomain, 'must be a DNS domain, such as cluster.local')
    .default('cluster.local'),
  defaultText: 'cluster.local',
  help: 'DNS domain of the cluster; DAPR_HOST ends in it.',
} satisfies Option;

export const proxyImage = {
  flag: 'proxy-image',
  placeholder: 'IMAGE',
  schema: z
    .string()
    .regex(/^\S+$/, 'must be an image reference without spaces')
    .default(`openfunction-dapr-webhook:${version}`),
  defaultText: `openfunction-dapr-webhook:${version}`,
  help: "Image of the Dapr proxies; by default this project's own.",
} satisfies Option;

export const proxyReplicas = {
  flag: 'proxy-replicas',
  placeholder: 'NUMBER',
  schema: z.coerce
    .number({ error: 'must be a number from 1 to 100' })
    .int('must be a whole number')
    .min(1, 'must be at least 1')
    .max(100, 'must be at most 100')
    .default(1),
  defaultText: '1',
  help: 'Pods of each Dapr proxy.',
} satisfies Option;

export const apiTokens = {
  flag: 'api-tokens',
  schema: switchSchema(false),
  defaultText: 'false',
  help: 'Protect the Dapr API of proxies by a token, unless a Function says otherwise. The Node functions framework sends none.',
} satisfies Option;

export const networkPolicy = {
  flag: 'network-policy',
  schema: switchSchema(true),
  defaultText: 'true',
  help: "Make a NetworkPolicy for each proxy, so that only its Function's pods reach the Dapr API.",
} satisfies Option;

export const excludedNamespaces = {
  flag: 'excluded-namespaces',
  placeholder: 'NAMESPACE',
  isList: true,
  schema: z
    .array(z.string().refine((name) => isDnsLabel(name), { error: 'must be names of namespaces' }))
    .default(defaultExcludedNamespaces),
  defaultText: defaultExcludedNamespaces.join(','),
  help: 'Namespaces whose Pods are left alone; separated by commas, or several times.',
} satisfies Option;

export const logLevel = {
  flag: 'log-level',
  placeholder: 'LEVEL',
  schema: z.enum(logLevels, { error: `must be one of ${logLevels.join(', ')}` }).default('info'),
  defaultText: 'info',
  help: `Least level that is logged: ${logLevels.join(', ')}. Admissions are logged at info.`,
} satisfies Option;

export const shutdownTimeout = {
  flag: 'shutdown-timeout',
  placeholder: 'SECONDS',
  schema: z.coerce
    .number({ error: 'must be a number of seconds' })
    .min(0, 'must not be negative')
    .max(3600, 'must be at most 3600')
    .default(20),
  defaultText: '20',
  help: 'How long requests in flight may take to finish after SIGTERM.',
} satisfies Option;

export const namespace = {
  flag: 'namespace',
  short: 'n',
  placeholder: 'NAMESPACE',
  schema: z
    .string()
    .refine((name) => isDnsLabel(name), { error: 'must be the name of a namespace' })
    .default('default'),
  defaultText: 'default',
  help: 'Namespace of objects that name none.',
} satisfies Option;

export const output = {
  flag: 'output',
  short: 'o',
  placeholder: 'FORMAT',
  schema: z
    .enum(outputFormats, { error: `must be one of ${outputFormats.join(', ')}` })
    .default('yaml'),
  defaultText: 'yaml',
  help: 'yaml, json (one List), or diff (what admission changes, and why).',
} satisfies Option;

function portSchema(fallback: number) {
  return z
    .string()
    .regex(/^\d{1,5}$/, 'must be a port number from 0 to 65535')
    .transform(Number)
    .pipe(z.number().max(65535, 'must be a port number from 0 to 65535'))
    .default(fallback);
}

function switchSchema(fallback: boolean) {
  return z
    .enum(['true', 'false'], { error: 'must be true or false' })
    .transform((text) => text === 'true')
    .default(fallback);
}

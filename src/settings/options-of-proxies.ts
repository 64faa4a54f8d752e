import { isDnsSubdomain } from '../rules/names.ts';
import { readExtraAnnotations, readExtraLabels } from '../rules/proxy/extra-metadata.ts';
import { readLabels } from '../rules/proxy/key-values.ts';
import { readCpu, readMemory, requestProblem } from '../rules/proxy/proxy-resources.ts';
import { mustRead, type Reading } from '../rules/proxy/reading.ts';
import {
  readImage,
  readPriorityClass,
  readReplicas,
  readSecretNames,
  readSwitch,
} from '../rules/proxy/setting-readers.ts';
import { readTolerations } from '../rules/proxy/toleration.ts';
import type { Option } from './option.ts';
import { TextSchema } from './text-schema.ts';
import { version } from './version.ts';

/** Every option that shapes the objects of proxies. All but the cluster's domain can be overridden per Function. */

const several = 'separated by commas, or several times';

export const clusterDomain = {
  flag: 'cluster-domain',
  placeholder: 'DOMAIN',
  schema: new TextSchema(readDomain, 'cluster.local'),
  defaultText: 'cluster.local',
  help: 'DNS domain of the cluster; DAPR_HOST ends in it.',
} satisfies Option;

export const apiTokens = {
  flag: 'api-tokens',
  schema: new TextSchema(readSwitch, false),
  defaultText: 'false',
  help: 'Protect the Dapr API of proxies by a token, unless a Function says otherwise. The Node functions framework sends none.',
} satisfies Option;

export const networkPolicy = {
  flag: 'network-policy',
  schema: new TextSchema(readSwitch, true),
  defaultText: 'true',
  help: "Make a NetworkPolicy for each proxy, so that only its Function's pods reach the Dapr API.",
} satisfies Option;

export const proxyImage = {
  flag: 'proxy-image',
  placeholder: 'IMAGE',
  schema: new TextSchema(readImage, `openfunction-dapr-webhook:${version}`),
  defaultText: `openfunction-dapr-webhook:${version}`,
  help: "Image of the Dapr proxies; by default this project's own.",
} satisfies Option;

export const proxyReplicas = {
  flag: 'proxy-replicas',
  placeholder: 'NUMBER',
  schema: new TextSchema(readReplicas, 1),
  defaultText: '1',
  help: 'Pods of each Dapr proxy, 0 to 100; unmanaged leaves spec.replicas to an autoscaler.',
} satisfies Option;

export const proxyCpuRequest = {
  flag: 'proxy-cpu-request',
  placeholder: 'QUANTITY',
  schema: new TextSchema(readCpu, mustRead(readCpu('50m'))),
  beside: { flag: 'proxy-cpu-limit', problem: requestProblem },
  defaultText: '50m',
  help: 'CPU that the container of a proxy asks for; none leaves it out, and Kubernetes takes the limit.',
} satisfies Option;

export const proxyCpuLimit = {
  flag: 'proxy-cpu-limit',
  placeholder: 'QUANTITY',
  schema: new TextSchema(readCpu, mustRead(readCpu('1'))),
  defaultText: '1',
  help: 'CPU that the container of a proxy may take; none sets no limit.',
} satisfies Option;

export const proxyMemoryRequest = {
  flag: 'proxy-memory-request',
  placeholder: 'QUANTITY',
  // An idle Node process takes about half of it, the rest is for events in flight.
  schema: new TextSchema(readMemory, mustRead(readMemory('96Mi'))),
  beside: { flag: 'proxy-memory-limit', problem: requestProblem },
  defaultText: '96Mi',
  help: 'Memory that the container of a proxy asks for; none leaves it out, and Kubernetes takes the limit.',
} satisfies Option;

export const proxyMemoryLimit = {
  flag: 'proxy-memory-limit',
  placeholder: 'QUANTITY',
  schema: new TextSchema(readMemory, mustRead(readMemory('256Mi'))),
  defaultText: '256Mi',
  help: 'Memory that the container of a proxy may take; none sets no limit.',
} satisfies Option;

export const proxyNodeSelector = {
  flag: 'proxy-node-selector',
  placeholder: 'KEY=VALUE',
  isList: true,
  isMap: true,
  schema: new TextSchema(readLabels, {}),
  defaultText: 'none',
  help: `Labels of the nodes that proxies run on, key=value; ${several}.`,
} satisfies Option;

export const proxyTolerations = {
  flag: 'proxy-tolerations',
  placeholder: 'TOLERATION',
  isList: true,
  schema: new TextSchema(readTolerations, []),
  defaultText: 'none',
  help: `Taints that proxies tolerate: key=value:Effect, key:Effect, key, or * for every taint; NoExecute may end in :SECONDS; ${several}.`,
} satisfies Option;

export const proxyPriorityClass = {
  flag: 'proxy-priority-class',
  placeholder: 'NAME',
  schema: new TextSchema(readPriorityClass, undefined),
  defaultText: 'none',
  help: 'PriorityClass of the pods of proxies.',
} satisfies Option;

export const proxyImagePullSecrets = {
  flag: 'proxy-image-pull-secrets',
  placeholder: 'NAME',
  isList: true,
  schema: new TextSchema(readSecretNames, []),
  defaultText: 'none',
  help: `Secrets, in the namespaces of Functions, that the image of proxies is pulled with; ${several}.`,
} satisfies Option;

export const proxyLabels = {
  flag: 'proxy-labels',
  placeholder: 'KEY=VALUE',
  isList: true,
  isMap: true,
  schema: new TextSchema(readExtraLabels, {}),
  defaultText: 'none',
  help: `Labels to add to every object that is kept for a Function and to the pods of proxies, key=value; ${several}.`,
} satisfies Option;

export const proxyAnnotations = {
  flag: 'proxy-annotations',
  placeholder: 'KEY=VALUE',
  isList: true,
  isMap: true,
  schema: new TextSchema(readExtraAnnotations, {}),
  defaultText: 'none',
  help: `Annotations to add to every object that is kept for a Function and to the pods of proxies, key=value; ${several}.`,
} satisfies Option;

function readDomain(text: string): Reading<string> {
  return isDnsSubdomain(text)
    ? { value: text }
    : { problem: 'must be a DNS domain, such as cluster.local' };
}

import { projectName } from '../api/keys.ts';
import { type Duration, readLifetime } from '../rules/certificates/duration.ts';
import { readHosts } from '../rules/certificates/read-hosts.ts';
import { mustRead } from '../rules/proxy/reading.ts';
import type { Option } from './option.ts';
import { anyText, labelName, oneOf, subdomainName, TextSchema } from './text-schema.ts';

/** Every option about the certificates of the webhook. */

const sources = ['secret', 'files'] as const;
type Source = (typeof sources)[number];

const defaultSecret = `${projectName}-certificates`;

export const certificates = {
  flag: 'certificates',
  placeholder: 'SOURCE',
  schema: new TextSchema<Source | undefined>(oneOf(sources), undefined),
  defaultText: 'files with --cert-dir or --offline, else secret',
  help: 'Where the serving certificate comes from: secret makes and renews it, together with its CA, in a Secret that all replicas share, and keeps caBundle; files is for those that somebody else keeps.',
} satisfies Option;

export const certDir = {
  flag: 'cert-dir',
  placeholder: 'FOLDER',
  schema: new TextSchema<string | undefined>(anyText, undefined),
  defaultText: 'certs for local use, else none',
  help: 'Folder of tls.crt and tls.key, read again when they change; for local use (certs, webhook --offline) they are made, with ca.crt, when they are not there.',
} satisfies Option;

export const certificateSecret = {
  flag: 'certificate-secret',
  placeholder: 'NAME',
  schema: new TextSchema(subdomainName('a Secret'), defaultSecret),
  defaultText: defaultSecret,
  help: 'Secret of CA, serving certificate and their keys.',
} satisfies Option;

export const certificateHosts = {
  flag: 'certificate-hosts',
  placeholder: 'HOST',
  isList: true,
  schema: new TextSchema(readHosts, []),
  defaultText: 'none',
  help: 'DNS names and IP addresses that the certificate in the Secret is good for beside those of the Service, such as those in the url of a webhook; separated by commas, or several times.',
} satisfies Option;

export const serviceName = {
  flag: 'service-name',
  placeholder: 'NAME',
  schema: new TextSchema(labelName('a Service'), projectName),
  defaultText: projectName,
  help: 'Service by which API servers call the webhook; the certificate in the Secret is for it.',
} satisfies Option;

export const serviceNamespace = {
  flag: 'service-namespace',
  placeholder: 'NAMESPACE',
  schema: new TextSchema<string | undefined>(labelName('a namespace'), undefined),
  defaultText: "the pod's own, else that of the kubeconfig's context, else default",
  help: 'Namespace of that Service, and of the Secret.',
} satisfies Option;

export const certificateLifetime = {
  flag: 'certificate-lifetime',
  placeholder: 'DURATION',
  schema: new TextSchema(readLifetime, mustRead(readLifetime('30d'))),
  beside: { flag: 'ca-lifetime', problem: lifetimeProblem },
  defaultText: '30d',
  help: 'How long a serving certificate in the Secret is good for, e.g. 30d, 720h or 90s; renewed after two thirds.',
} satisfies Option;

export const caLifetime = {
  flag: 'ca-lifetime',
  placeholder: 'DURATION',
  schema: new TextSchema(readLifetime, mustRead(readLifetime('365d'))),
  defaultText: '365d',
  help: 'How long its CA is good for; after two thirds the next one is trusted beside it, before it signs.',
} satisfies Option;

function lifetimeProblem(certificate: unknown, ca: unknown): string | undefined {
  return (certificate as Duration).ms < (ca as Duration).ms
    ? undefined
    : `${certificate} is not shorter than the lifetime of the CA, ${ca}`;
}

import type { FunctionModel } from '../api/function.ts';
import { asPort, asText } from '../api/json.ts';
import { DaprAnnotation, Port } from '../api/keys.ts';

/**
 * Every name that is derived from a Function (behaviour: names). Pod, proxy,
 * scopes and Services all call these, so that no two of them can differ.
 */

/** Dapr names a Service `<app-id>-dapr`, and a Service name has 63 characters at most. */
export const appIdMaxLength = 58;

/** Longest DNS label, and longest label value. */
export const dnsLabelMaxLength = 63;

/** Longest DNS subdomain: names of most Kubernetes objects. */
const dnsSubdomainMaxLength = 253;

const hashLength = 8;
const dnsLabel = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const dnsSubdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const labelValue = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;

/** Whether a name is a DNS label (RFC 1123) of at most `maxLength` characters. */
export function isDnsLabel(name: string, maxLength: number = dnsLabelMaxLength): boolean {
  return name.length <= maxLength && dnsLabel.test(name);
}

/** Whether a name is a DNS subdomain (RFC 1123): DNS labels with dots between them. */
export function isDnsSubdomain(name: string): boolean {
  return name.length <= dnsSubdomainMaxLength && dnsSubdomain.test(name);
}

/** Whether a string may be the key of a label or a taint: `name`, or `prefix.example.com/name`. */
export function isLabelKey(key: string): boolean {
  const slash = key.indexOf('/');
  const name = key.slice(slash + 1);
  return name !== '' && isLabelValue(name) && (slash === -1 || isDnsSubdomain(key.slice(0, slash)));
}

/** Whether a string may be the value of a label. */
export function isLabelValue(value: string): boolean {
  return value.length <= dnsLabelMaxLength && labelValue.test(value);
}

/** Dapr app-id: the user's `dapr.io/app-id`, else `<function>-<namespace>`, shortened to 58 characters. */
export function appIdOf(fn: FunctionModel): string {
  return (
    asText(fn.serving?.annotations[DaprAnnotation.appId]) ??
    toDnsLabel(`${fn.name}-${fn.namespace}`, appIdMaxLength)
  );
}

/** Port on which daprd reaches its app: `dapr.io/app-port` where the user wrote one, else the function's. */
export function appPortOf(fn: FunctionModel): string {
  return asText(fn.serving?.annotations[DaprAnnotation.appPort]) ?? String(fn.port);
}

/** Protocol between daprd, proxy and function: the user's `dapr.io/app-protocol`, else `grpc`. */
export function appProtocolOf(fn: FunctionModel): string {
  return asText(fn.serving?.annotations[DaprAnnotation.appProtocol]) ?? 'grpc';
}

/** Port of the proxy's Dapr gRPC API; follows the user's `dapr.io/grpc-port` when that is a port. */
export function daprGrpcPortOf(fn: FunctionModel): number {
  return asPort(fn.serving?.annotations[DaprAnnotation.grpcPort]) ?? Port.daprGrpc;
}

/** Name of the proxy's Deployment, Service, token Secret and NetworkPolicy. */
export function proxyNameOf(fn: FunctionModel): string {
  return toDnsLabel(`${fn.name}-dapr-proxy`, dnsLabelMaxLength);
}

/** Name of the headless Service that reaches an async Function's pods. */
export function eventsServiceNameOf(fn: FunctionModel): string {
  return toDnsLabel(`${fn.name}-events`, dnsLabelMaxLength);
}

/** Host of the Dapr API for the pods of a standalone Function. */
export function daprHostOf(fn: FunctionModel, clusterDomain: string): string {
  return `${proxyNameOf(fn)}.${fn.namespace}.svc.${clusterDomain}`;
}

/** Name of the Dapr Component that the controller makes for one that a Function declares. */
export function componentNameOf(fn: FunctionModel, declaredName: string): string {
  const name = `${fn.name}-${declaredName}`;
  return isDnsSubdomain(name) ? name : toDnsLabel(name, dnsLabelMaxLength);
}

/** A Function's name where only a label value fits: itself, or shortened the same way past 63 characters. */
export function functionLabelValueOf(fn: FunctionModel): string {
  return isLabelValue(fn.name) ? fn.name : toDnsLabel(fn.name, dnsLabelMaxLength);
}

/**
 * The name itself when it is a DNS label that fits; else its first characters,
 * `-`, and 8 hex digits of a hash of the whole, so that two long names that
 * begin alike stay two. Characters that no label may hold (the dots of a
 * Function name, say) become `-`, and then the hash keeps it apart as well.
 */
export function toDnsLabel(name: string, maxLength: number): string {
  if (isDnsLabel(name, maxLength)) return name;
  const head = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, '-')
    .slice(0, maxLength - hashLength - 1)
    .replace(/^-+/, '')
    .replace(/-+$/, '');
  const hash = hash32(name);
  return head === '' ? hash : `${head}-${hash}`;
}

/** FNV-1a over UTF-16 code units, as 8 hex digits. Spreads names; protects nothing. */
export function hash32(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(hashLength, '0');
}

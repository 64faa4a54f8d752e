/** How a Service is called, and by whom else. */
export interface ServiceAddress {
  readonly name: string;
  readonly namespace: string;
  readonly clusterDomain: string;
  /** DNS names and IP addresses beside those of the Service. */
  readonly otherHosts: readonly string[];
}

/** Everything that a serving certificate has to be good for; API servers use `<name>.<namespace>.svc`. */
export function serviceHosts({
  name,
  namespace,
  clusterDomain,
  otherHosts,
}: ServiceAddress): string[] {
  const hosts = [
    name,
    `${name}.${namespace}`,
    serviceHost(name, namespace),
    `${serviceHost(name, namespace)}.${clusterDomain}`,
  ];
  return [...new Set([...hosts, ...otherHosts])];
}

/** The name under which API servers call a Service, and which its certificate has to have. */
export function serviceHost(name: string, namespace: string): string {
  return `${name}.${namespace}.svc`;
}

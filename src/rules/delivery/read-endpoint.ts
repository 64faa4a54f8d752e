import { asPort } from '../../api/json.ts';

/** `host:port` in parts. */
export interface HostAndPort {
  /** Name or address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port`, IPv6 in brackets. @returns undefined when it is none */
export function readEndpoint(text: string): HostAndPort | undefined {
  const [, bracketed, plain, digits] =
    /^(?:\[([0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)\]|([^:[\]\s/]+)):(\d+)$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = asPort(digits);
  return host === undefined || port === undefined ? undefined : { host, port };
}

/** `host:port`, IPv6 in brackets. */
export function endpointName({ host, port }: HostAndPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

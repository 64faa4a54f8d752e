import { isIP } from 'node:net';
import { defaultMaxMessageBytes, largestMessageBytes } from '../rules/delivery/message-size.ts';
import { type HostAndPort, readEndpoint } from '../rules/delivery/read-endpoint.ts';
import { readQuantity } from '../rules/proxy/quantity.ts';
import type { Reading } from '../rules/proxy/reading.ts';
import { readSwitch } from '../rules/proxy/setting-readers.ts';
import type { Option } from './option.ts';
import { portFrom, seconds, TextSchema, wholeNumber } from './text-schema.ts';

/** Every option of the proxy itself. Those of the objects that it consists of are the controller's. */

export const appProtocol = {
  flag: 'app-protocol',
  placeholder: 'PROTOCOL',
  schema: new TextSchema<'grpc' | 'http'>(readProtocol, 'grpc'),
  defaultText: 'grpc',
  help: 'What daprd and the function speak: grpc or http, as dapr.io/app-protocol says.',
} satisfies Option;

export const functionHost = {
  flag: 'function-host',
  placeholder: 'HOST',
  schema: new TextSchema<string | undefined>(readHost, undefined),
  defaultText: 'none',
  help: "Name whose A and AAAA records are the function's pods, such as that of a headless Service, whole; an address, or localhost, is one pod.",
} satisfies Option;

export const functionPort = {
  flag: 'function-port',
  placeholder: 'PORT',
  schema: new TextSchema<number | undefined>(portFrom(1), undefined),
  defaultText: 'the port in FUNC_CONTEXT',
  help: 'Port of these pods.',
} satisfies Option;

export const functionEndpoints = {
  flag: 'function-endpoints',
  placeholder: 'HOST:PORT',
  isList: true,
  schema: new TextSchema<readonly HostAndPort[], readonly string[]>(readEndpoints, []),
  defaultText: 'none',
  help: "The function's pods instead of --function-host, for local use: host:port, IPv6 in brackets; separated by commas, or several times.",
} satisfies Option;

export const dnsServers = {
  flag: 'dns-servers',
  placeholder: 'ADDRESS',
  isList: true,
  schema: new TextSchema<readonly string[], readonly string[]>(readServers, []),
  defaultText: 'none',
  help: 'Name servers to ask instead of those of the system: address, or address:port, IPv6 in brackets; separated by commas, or several times.',
} satisfies Option;

export const eventWait = {
  flag: 'event-wait',
  placeholder: 'SECONDS',
  schema: new TextSchema(seconds(0, 3600), 30),
  defaultText: '30',
  help: 'How long an event may wait for a pod before Dapr is told to try again.',
} satisfies Option;

export const maxWaitingEvents = {
  flag: 'max-waiting-events',
  placeholder: 'NUMBER',
  schema: new TextSchema(wholeNumber(0, 1_000_000), 5_000),
  defaultText: '5000',
  help: 'How many events may wait for a pod; for more, Dapr is told at once to try again.',
} satisfies Option;

export const maxWaitingSize = {
  flag: 'max-waiting-size',
  placeholder: 'QUANTITY',
  schema: new TextSchema(readSize, 64 * 1024 ** 2),
  defaultText: '64Mi',
  help: 'How large the events that wait may be together, in bytes, e.g. 64Mi.',
} satisfies Option;

export const maxMessageSize = {
  flag: 'max-message-size',
  placeholder: 'QUANTITY',
  schema: new TextSchema(readSize, defaultMaxMessageBytes),
  defaultText: '64Mi',
  help: 'Largest event, request or answer, in bytes, e.g. 64Mi.',
} satisfies Option;

export const maxInFlight = {
  flag: 'max-in-flight',
  placeholder: 'NUMBER',
  schema: new TextSchema(wholeNumber(1, 1_000_000), 10_000),
  defaultText: '10000',
  help: 'How many events may be with pods at the same time; more wait.',
} satisfies Option;

export const maxHeldSize = {
  flag: 'max-held-size',
  placeholder: 'QUANTITY',
  schema: new TextSchema<number | undefined>(readSize, undefined),
  defaultText: 'a quarter of the memory, 1Gi at most',
  help: 'How large all events that arrive, wait or are with pods may be together, in bytes, one of the largest in any case; for more, Dapr is told at once to try again. The memory is that which the container may take.',
} satisfies Option;

export const connectTimeout = {
  flag: 'connect-timeout',
  placeholder: 'SECONDS',
  schema: new TextSchema(seconds(0.01, 60), 1),
  defaultText: '1',
  help: 'How long a connection to a pod may take before another pod is tried.',
} satisfies Option;

export const responseTimeout = {
  flag: 'response-timeout',
  placeholder: 'SECONDS',
  schema: new TextSchema(seconds(0, 86_400), 0),
  defaultText: '0',
  help: 'How long a pod may take to answer before Dapr is told to try again; 0 sets no limit.',
} satisfies Option;

export const gracePeriod = {
  flag: 'grace-period',
  placeholder: 'SECONDS',
  schema: new TextSchema(seconds(0, 3600), 30),
  defaultText: '30',
  help: "How long ending may take after SIGTERM: the Pod's terminationGracePeriodSeconds.",
} satisfies Option;

export const quietTime = {
  flag: 'quiet-time',
  placeholder: 'SECONDS',
  schema: new TextSchema(seconds(0, 3600), 5),
  defaultText: '5',
  help: 'After SIGTERM: how long nothing has to come from a daprd that keeps its connections until it is taken to be done.',
} satisfies Option;

export const appTokenOnEvents = {
  flag: 'app-token-on-events',
  schema: new TextSchema(readSwitch, true),
  defaultText: 'true',
  help: 'Whether events need the token in APP_API_TOKEN, where one is set; turn off for gRPC with a Dapr before 1.15.13, which sends it with invocations alone.',
} satisfies Option;

export const appHealthCheckPath = {
  flag: 'app-health-check-path',
  placeholder: 'PATH',
  schema: new TextSchema(readPath, '/healthz'),
  defaultText: '/healthz',
  help: 'Path on which Dapr asks over HTTP whether its app is well, as dapr.io/app-health-check-path says.',
} satisfies Option;

/** In any case, as Dapr's injector reads the annotation. */
function readProtocol(text: string): Reading<'grpc' | 'http'> {
  const protocol = text.toLowerCase();
  return protocol === 'grpc' || protocol === 'http'
    ? { value: protocol }
    : { problem: 'must be grpc or http' };
}

function readHost(text: string): Reading<string> {
  const isName = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?\.?$/.test(text);
  return isName || isIP(text) !== 0
    ? { value: text }
    : { problem: 'must be a DNS name or an address' };
}

function readEndpoints(texts: readonly string[]): Reading<readonly HostAndPort[]> {
  const endpoints: HostAndPort[] = [];
  for (const text of texts) {
    const endpoint = readEndpoint(text);
    if (endpoint === undefined) {
      return {
        problem: 'must be host:port, IPv6 in brackets, such as 127.0.0.1:8080 or [::1]:8080',
      };
    }
    endpoints.push(endpoint);
  }
  return { value: endpoints };
}

function readServers(texts: readonly string[]): Reading<readonly string[]> {
  const isServer = (text: string): boolean =>
    isIP(text) !== 0 || isIP(readEndpoint(text)?.host ?? '') !== 0;
  return texts.every(isServer)
    ? { value: texts }
    : { problem: 'must be addresses, each with a port or without' };
}

function readSize(text: string): Reading<number> {
  const bytes = Number(readQuantity(text)?.billionths ?? -1n) / 1e9;
  return Number.isInteger(bytes) && bytes >= 1 && bytes <= largestMessageBytes
    ? { value: bytes }
    : { problem: 'must be a number of bytes from 1 to 2Gi, such as 64Mi' };
}

function readPath(text: string): Reading<string> {
  return /^\/[!-~]*$/.test(text)
    ? { value: text }
    : { problem: 'must be a path, such as /healthz' };
}

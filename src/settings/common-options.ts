import { isIP } from 'node:net';
import { Port } from '../api/keys.ts';
import type { Reading } from '../rules/proxy/reading.ts';
import { logLevels } from './log-levels.ts';
import type { Option } from './option.ts';
import { anyText, oneOf, portFrom, TextSchema } from './text-schema.ts';

/** Options of every process, and so of the proxy as well. */

export const healthPort = {
  flag: 'health-port',
  placeholder: 'PORT',
  schema: new TextSchema(portFrom(0), Port.health),
  defaultText: String(Port.health),
  help: 'Port of /healthz, /readyz and /metrics, plain HTTP; 0 takes a free one.',
} satisfies Option;

export const listenAddress = {
  flag: 'listen-address',
  placeholder: 'ADDRESS',
  schema: new TextSchema(readAddress, '::'),
  defaultText: '::',
  help: 'Address to listen on, for both ports; :: is every address, IPv4 and IPv6.',
} satisfies Option;

export const logLevel = {
  flag: 'log-level',
  placeholder: 'LEVEL',
  schema: new TextSchema<string>(oneOf(logLevels), 'info'),
  defaultText: 'info',
  help: `Least level that is logged: ${logLevels.join(', ')}. Admissions are logged at info.`,
} satisfies Option;

export const settingsFile = {
  flag: 'settings-file',
  placeholder: 'FILE',
  schema: new TextSchema<string | undefined>(anyText, undefined),
  defaultText: 'none',
  help: 'YAML or JSON file of settings by the names of their flags, such as one that a ConfigMap is mounted as; flags and variables decide over it.',
} satisfies Option;

function readAddress(text: string): Reading<string> {
  return isIP(text) === 0 ? { problem: 'must be an IPv4 or IPv6 address' } : { value: text };
}

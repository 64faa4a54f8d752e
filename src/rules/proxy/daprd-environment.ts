import type { FunctionModel } from '../../api/function.ts';
import { asText, type JsonObject } from '../../api/json.ts';
import { DaprAnnotation, EnvVar } from '../../api/keys.ts';
import { defaultMaxMessageBytes, largestMessageBytes } from '../delivery/message-size.ts';
import { readQuantity } from './quantity.ts';

/**
 * What a proxy has to be told of how its user set the daprd beside it: where that asks
 * whether its app is well, and how large a message it lets through. Left out where the
 * proxy does so by itself.
 */
export function daprdEnvironment(fn: FunctionModel): JsonObject[] {
  const annotations = fn.serving?.annotations ?? {};
  const path = healthPath(annotations[DaprAnnotation.appHealthCheckPath]);
  const bytes = daprdMaxBytes(annotations);
  return [
    ...(path === undefined ? [] : [{ name: EnvVar.appHealthCheckPath, value: path }]),
    ...(bytes <= defaultMaxMessageBytes
      ? []
      : [{ name: EnvVar.maxMessageSize, value: String(Math.min(bytes, largestMessageBytes)) }]),
  ];
}

/** daprd adds the slash where it is left out. What no path can hold would only keep the proxy from starting. */
function healthPath(written: string | undefined): string | undefined {
  const path = asText(written);
  if (path === undefined || /[^!-~]/.test(path)) return undefined;
  return path.startsWith('/') ? path : `/${path}`;
}

/** 0 where nothing is said, or nothing that can be read. */
function daprdMaxBytes(annotations: Readonly<Record<string, string>>): number {
  const size = readQuantity(annotations[DaprAnnotation.maxBodySize] ?? '');
  if (size !== undefined) return Math.ceil(Number(size.billionths) / 1e9);
  const megabytes = /^\d{1,9}$/.exec(annotations[DaprAnnotation.httpMaxRequestSize] ?? '');
  return megabytes === null ? 0 : Number(megabytes[0]) * 1024 ** 2;
}

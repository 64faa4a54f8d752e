import type { JsonObject } from '../../api/json.ts';
import { quote } from '../function/problem.ts';
import { type Quantity, readQuantity } from './quantity.ts';
import type { Reading } from './reading.ts';

/** What a proxy asks for and may take, as Kubernetes quantities; undefined leaves one out. */
export interface ProxyResources {
  readonly cpuRequest: string | undefined;
  readonly cpuLimit: string | undefined;
  readonly memoryRequest: string | undefined;
  readonly memoryLimit: string | undefined;
}

/** The word that leaves a request or limit out. */
const none = 'none';

const billion = 1_000_000_000n;

/** Reads a number of cores; undefined for `none`. */
export function readCpu(text: string): Reading<string | undefined> {
  return readAmount(text, '500m or 2', () => true);
}

/** Reads a number of bytes; undefined for `none`. */
export function readMemory(text: string): Reading<string | undefined> {
  // 256m is a quarter of a byte, and no container starts with it.
  const isWholeBytes = ({ billionths }: Quantity): boolean => billionths % billion === 0n;
  return readAmount(text, '256Mi or 1Gi', isWholeBytes);
}

function readAmount(
  text: string,
  example: string,
  isAllowed: (quantity: Quantity) => boolean,
): Reading<string | undefined> {
  if (text === none) return { value: undefined };
  const quantity = readQuantity(text);
  return quantity === undefined || !isAllowed(quantity)
    ? { problem: `must be a Kubernetes quantity such as ${example}, or ${none}` }
    : { value: quantity.text };
}

/** What is wrong with a request beside its limit; undefined when nothing is, or one is not known. */
export function requestProblem(
  request: string | undefined,
  limit: string | undefined,
): string | undefined {
  const requested = readQuantity(request ?? '');
  const allowed = readQuantity(limit ?? '');
  if (requested === undefined || allowed === undefined) return undefined;
  return requested.billionths > allowed.billionths
    ? `the request ${quote(request)} is above the limit ${quote(limit)}`
    : undefined;
}

/** `resources` of a container; undefined when nothing is asked for and nothing is limited. */
export function containerResources(resources: ProxyResources): JsonObject | undefined {
  const requests = amounts(resources.cpuRequest, resources.memoryRequest);
  const limits = amounts(resources.cpuLimit, resources.memoryLimit);
  if (requests === undefined && limits === undefined) return undefined;
  return {
    ...(requests === undefined ? {} : { requests }),
    ...(limits === undefined ? {} : { limits }),
  };
}

function amounts(cpu: string | undefined, memory: string | undefined): JsonObject | undefined {
  if (cpu === undefined && memory === undefined) return undefined;
  return {
    ...(cpu === undefined ? {} : { cpu }),
    ...(memory === undefined ? {} : { memory }),
  };
}

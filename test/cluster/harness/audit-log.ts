import { open } from 'node:fs/promises';
import { asText, at, type JsonObject } from '../../../src/api/json.ts';
import { accountGroup } from './service-accounts.ts';

const writeVerbs = ['create', 'update', 'patch', 'delete', 'deletecollection'];

/**
 * What an API server records: each write of the product, whatever account it
 * runs as, and of the tests themselves; its answer, and no object.
 */
export function auditPolicy(adminUser: string): JsonObject {
  const written = { level: 'Metadata', verbs: writeVerbs };
  return {
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived', 'ResponseStarted'],
    rules: [
      { ...written, userGroups: [accountGroup] },
      { ...written, users: [adminUser] },
      { level: 'None' },
    ],
  };
}

/** One request that asked for a change, and what came of it. */
export interface AuditedWrite {
  readonly auditId: string;
  readonly user: string;
  readonly userAgent: string;
  readonly verb: string;
  readonly resource: string;
  readonly subresource: string | undefined;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  /** HTTP status of the answer. */
  readonly code: number;
  /** Whether it was to show what would happen, and changed nothing. */
  readonly isDryRun: boolean;
  /** When it came in, and when it was answered, in milliseconds since 1970. */
  readonly receivedAtMs: number;
  readonly answeredAtMs: number;
}

export interface WriteFilter {
  readonly user?: string;
  readonly namespace?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly name?: string;
  /** Those that came in later. */
  readonly afterMs?: number;
}

/**
 * The audit log of an API server, over its restarts. A line is there at the
 * latest a moment after the client has its answer.
 */
export class AuditLog {
  readonly path: string;
  readonly #writes: AuditedWrite[] = [];
  #offset = 0;

  constructor(path: string) {
    this.path = path;
  }

  /** Every write that matches, in the order of their answers. */
  async writes(filter: WriteFilter = {}): Promise<AuditedWrite[]> {
    await this.#readOn();
    const { afterMs = 0, ...wanted } = filter;
    const members = Object.entries(wanted) as [keyof AuditedWrite, string][];
    return this.#writes.filter(
      (write) =>
        write.receivedAtMs > afterMs && members.every(([name, value]) => write[name] === value),
    );
  }

  /** Writes to what users look at: neither Leases nor Events nor dry runs. */
  async objectWrites(filter: WriteFilter = {}): Promise<AuditedWrite[]> {
    const writes = await this.writes(filter);
    return writes.filter(({ resource, isDryRun }) => !isBookkeeping(resource) && !isDryRun);
  }

  /** Reads what was appended since, up to the last complete line. */
  async #readOn(): Promise<void> {
    const file = await open(this.path, 'r');
    try {
      const { size } = await file.stat();
      const buffer = Buffer.alloc(size - this.#offset);
      const { bytesRead } = await file.read(buffer, 0, buffer.length, this.#offset);
      const end = buffer.subarray(0, bytesRead).lastIndexOf('\n') + 1;
      this.#offset += end;
      for (const line of buffer.subarray(0, end).toString().split('\n')) {
        if (line !== '') this.#writes.push(readWrite(JSON.parse(line)));
      }
    } finally {
      await file.close();
    }
  }
}

function isBookkeeping(resource: string): boolean {
  return resource === 'leases' || resource === 'events';
}

function readWrite(event: JsonObject): AuditedWrite {
  const text = (...path: string[]): string => asText(at(event, ...path)) ?? '';
  return {
    auditId: text('auditID'),
    user: text('user', 'username'),
    userAgent: text('userAgent'),
    verb: text('verb'),
    resource: text('objectRef', 'resource'),
    subresource: asText(at(event, 'objectRef', 'subresource')),
    namespace: asText(at(event, 'objectRef', 'namespace')),
    name: asText(at(event, 'objectRef', 'name')),
    code: Number(at(event, 'responseStatus', 'code')),
    isDryRun: text('requestURI').includes('dryRun=All'),
    receivedAtMs: Date.parse(text('requestReceivedTimestamp')),
    answeredAtMs: Date.parse(text('stageTimestamp')),
  };
}

import { asObject, asStringMap, asText, at, type JsonObject } from '../../api/json.ts';
import { CertificateAnnotation, CommonLabel, projectName, tlsSecretType } from '../../api/keys.ts';
import type { SecretFacts } from '../../rules/certificates/certificate-plan.ts';
import { CertificateError } from '../tls/certificate-error.ts';
import {
  type CertificateContent,
  certificateEntriesOf,
  readStoredCertificates,
  type StoredCertificates,
} from '../tls/stored-certificates.ts';
import { ApiError } from './api-error.ts';
import { type ApiResource, collectionPath, objectPath } from './api-resource.ts';
import type { KubernetesConnection } from './kubernetes-connection.ts';
import { sendWithin } from './send-within.ts';

export const secrets: ApiResource = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret' };

/** Several attempts fit into the 5 s in which a wiped caBundle is to be back. */
const answerTimeoutMs = 2_500;

const ownLabels = {
  [CommonLabel.name]: projectName,
  [CommonLabel.managedBy]: projectName,
} as const;

/** The Secret as it was found. */
export interface FoundSecret {
  readonly facts: SecretFacts;
  /** What it holds, where it is ours and whole. */
  readonly stored: StoredCertificates | undefined;
  /** As the API server gave it; undefined when there is none. It holds keys. */
  readonly object: JsonObject | undefined;
}

export interface CertificateSecretOptions {
  readonly connection: Pick<KubernetesConnection, 'getJson' | 'changeJson'>;
  readonly namespace: string;
  readonly name: string;
}

/** The one Secret that all replicas share, read and written through the API. */
export class CertificateSecret {
  readonly #options: CertificateSecretOptions;

  constructor(options: CertificateSecretOptions) {
    this.#options = options;
  }

  /** What messages call it by. */
  get fullName(): { readonly namespace: string; readonly name: string } {
    const { namespace, name } = this.#options;
    return { namespace, name };
  }

  /** @throws ApiError that names the right which is missing */
  async read(signal: AbortSignal): Promise<FoundSecret> {
    return this.#request('get', signal, async (within) => {
      try {
        const { connection } = this.#options;
        return readSecret(await connection.getJson(this.#path, { signal: within }));
      } catch (error) {
        if (!isStatus(error, 404)) throw error;
        return { facts: { kind: 'absent' }, stored: undefined, object: undefined };
      }
    });
  }

  /**
   * Stores certificates in place of what was found.
   *
   * @returns undefined when somebody else was first
   * @throws ApiError that names the right which is missing
   */
  async write(
    found: FoundSecret,
    content: CertificateContent,
    replacedUntilMs: number | undefined,
    signal: AbortSignal,
  ): Promise<FoundSecret | undefined> {
    const { connection, namespace, name } = this.#options;
    const isNew = found.object === undefined;
    const body = secretObject(namespace, name, found.object, content, replacedUntilMs);
    return this.#request(isNew ? 'create' : 'update', signal, async (within) => {
      try {
        const answer = await connection.changeJson(
          isNew ? collectionPath(secrets, namespace) : this.#path,
          {
            method: isNew ? 'POST' : 'PUT',
            query: { fieldManager: projectName },
            body,
            signal: within,
          },
        );
        return readSecret(answer);
      } catch (error) {
        // Another version of it, one that was made meanwhile, or none any more.
        if (isStatus(error, 409) || (!isNew && isStatus(error, 404))) return undefined;
        throw error;
      }
    });
  }

  get #path(): string {
    return objectPath(secrets, this.#options.namespace, this.#options.name);
  }

  #request<Result>(
    verb: 'get' | 'create' | 'update',
    signal: AbortSignal,
    send: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const request = { verb, resource: secrets, ...this.fullName };
    return sendWithin(answerTimeoutMs, request, signal, send);
  }
}

function isStatus(error: unknown, status: number): boolean {
  return error instanceof ApiError && error.status === status;
}

function readSecret(object: JsonObject): FoundSecret {
  const without = (facts: SecretFacts): FoundSecret => ({ facts, stored: undefined, object });
  if (at(object, 'metadata', 'labels', CommonLabel.managedBy) !== projectName) {
    return without({ kind: 'foreign' });
  }
  const entries = entriesOf(object);
  if (Object.values(entries).every((entry) => entry === '')) return without({ kind: 'empty' });
  try {
    const stored = readStoredCertificates(entries, replacedUntilOf(object));
    return { facts: { kind: 'stored', stored: stored.facts }, stored, object };
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    return without({ kind: 'damaged', problem: error.message });
  }
}

function entriesOf(object: JsonObject): Record<string, string> {
  return Object.fromEntries(
    Object.entries(asStringMap(object['data'])).map(([name, value]) => [
      name,
      Buffer.from(value, 'base64').toString('utf8'),
    ]),
  );
}

function replacedUntilOf(object: JsonObject): number | undefined {
  const text = asText(at(object, 'metadata', 'annotations', CertificateAnnotation.replacedUntil));
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? undefined : time;
}

/** What others wrote into it stays: labels, annotations, entries of other names. */
function secretObject(
  namespace: string,
  name: string,
  before: JsonObject | undefined,
  content: CertificateContent,
  replacedUntilMs: number | undefined,
): JsonObject {
  const metadata = asObject(before?.['metadata']) ?? { namespace, name };
  const annotations = { ...asObject(metadata['annotations']) };
  delete annotations[CertificateAnnotation.replacedUntil];
  const data = { ...asObject(before?.['data']) };
  for (const [entry, text] of Object.entries(certificateEntriesOf(content))) {
    if (text === undefined) delete data[entry];
    else data[entry] = Buffer.from(text).toString('base64');
  }
  return {
    ...before,
    apiVersion: 'v1',
    kind: 'Secret',
    type: before?.['type'] ?? tlsSecretType,
    metadata: {
      ...metadata,
      labels: { ...asObject(metadata['labels']), ...ownLabels },
      annotations:
        replacedUntilMs === undefined
          ? annotations
          : {
              ...annotations,
              [CertificateAnnotation.replacedUntil]: new Date(replacedUntilMs).toISOString(),
            },
    },
    data,
  };
}

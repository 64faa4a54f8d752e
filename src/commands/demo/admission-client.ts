import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { asList, asObject, at, type JsonObject } from '../../api/json.ts';
import type { PatchOperation } from '../../rules/json-patch.ts';

export interface AdmissionCall {
  readonly path: '/mutate/functions' | '/validate/functions' | '/mutate/pods';
  readonly operation: 'CREATE' | 'UPDATE';
  readonly namespace: string;
  readonly object: JsonObject;
  readonly oldObject?: JsonObject;
}

export interface AdmissionReply {
  readonly isAllowed: boolean;
  readonly patch: readonly PatchOperation[];
  readonly warnings: readonly string[];
  /** `status.message` of a denial. */
  readonly message: string | undefined;
}

/** Calls an admission server as an API server does: TLS, its CA verified, one connection kept alive. */
export class AdmissionClient {
  readonly #agent: Agent;
  readonly #port: number;

  /** @param ca PEM of the certificate authority that has to have signed what the server shows */
  constructor(port: number, ca: string) {
    this.#port = port;
    this.#agent = new Agent({ ca, keepAlive: true });
  }

  /** @throws when the answer is not an AdmissionReview with the uid that was asked with */
  async call(call: AdmissionCall): Promise<AdmissionReply> {
    const uid = crypto.randomUUID();
    const [group, version] = String(call.object['apiVersion']).split('/');
    const review = {
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      request: {
        uid,
        operation: call.operation,
        kind: {
          group: version === undefined ? '' : group,
          version: version ?? group,
          kind: call.object['kind'],
        },
        namespace: call.namespace,
        name: at(call.object, 'metadata', 'name') ?? '',
        object: call.object,
        oldObject: call.oldObject ?? null,
        dryRun: false,
      },
    };
    const { status, body } = await this.#post(call.path, JSON.stringify(review));
    if (status !== 200) throw new Error(`${call.path} answered ${status}: ${body}`);
    const response = asObject(at(JSON.parse(body), 'response'));
    if (response?.['uid'] !== uid) throw new Error(`${call.path} answered with another uid`);
    const patch = response['patch'];
    return {
      isAllowed: response['allowed'] === true,
      patch: typeof patch === 'string' ? JSON.parse(Buffer.from(patch, 'base64').toString()) : [],
      warnings: (asList(response['warnings']) ?? []).map(String),
      message: at(response, 'status', 'message')?.toString(),
    };
  }

  close(): void {
    this.#agent.destroy();
  }

  #post(path: string, body: string): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const call = request(
        {
          host: 'localhost',
          port: this.#port,
          path,
          method: 'POST',
          agent: this.#agent,
          headers: {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
          },
        },
        (response) => {
          text(response).then(
            (answer) => resolve({ status: response.statusCode ?? 0, body: answer }),
            reject,
          );
        },
      );
      call.once('error', reject);
      call.end(body);
    });
  }
}

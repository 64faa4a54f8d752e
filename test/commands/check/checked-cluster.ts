import {
  type KeyedCertificate,
  makeAuthority,
  makeServingCertificate,
} from '../../../src/adapters/tls/make-certificates.ts';
import { readFunction } from '../../../src/api/function.ts';
import { asObject, asText, at, type JsonObject, objectsOf } from '../../../src/api/json.ts';
import { noComponents } from '../../../src/rules/context/component-lookup.ts';
import { defaultFunction } from '../../../src/rules/function/function-defaults.ts';
import { admitPod } from '../../../src/rules/pod/pod-admission.ts';
import type { ApiRequest } from '../../adapters/kubernetes/api-request.ts';
import { FakeApiServer } from '../../adapters/kubernetes/fake-api-server.ts';
import { servedResources } from '../../adapters/kubernetes/fake-cluster.ts';
import { type Mishap, status } from '../../adapters/kubernetes/mishap.ts';
import { applyPatch } from '../../support/apply-patch.ts';
import { installObjects } from '../../support/install-manifest.ts';

/** Spelled out here: a typing mistake in the product must not carry its tests along. */
export const install = 'openfunction-dapr-webhook';
const serviceHost = `${install}.${install}.svc`;

const dayMs = 24 * 60 * 60 * 1000;

/** What is shipped, read once: there is a cluster for each test. */
const shipped = new Map(installObjects().map((object) => [object['kind'], object]));

const otherResources = [
  ['v1', 'configmaps', 'ConfigMap'],
  ['v1', 'namespaces', 'Namespace'],
  ['discovery.k8s.io/v1', 'endpointslices', 'EndpointSlice'],
  ['authorization.k8s.io/v1', 'subjectaccessreviews', 'SubjectAccessReview'],
] as const;

/** Certificates of an installation; making them takes a moment, and they do for every test. */
export interface Certificates {
  /** PEM. */
  readonly authority: string;
  readonly serving: string;
  readonly key: string;
}

/** A certificate authority of an installation. */
export class TestAuthority {
  readonly #authority: KeyedCertificate;

  private constructor(authority: KeyedCertificate) {
    this.#authority = authority;
  }

  static async make(): Promise<TestAuthority> {
    const now = Date.now();
    const validity = { madeAtMs: now - 100 * dayMs, notAfterMs: now + 100 * dayMs };
    return new TestAuthority(await makeAuthority('test CA', validity));
  }

  /** A certificate for the Service, good from some days ago for some days more. */
  async serving({
    daysOld = 10,
    daysLeft = 20,
    hosts = [serviceHost],
  }: {
    readonly daysOld?: number;
    readonly daysLeft?: number;
    readonly hosts?: readonly string[];
  } = {}): Promise<Certificates> {
    const now = Date.now();
    const validity = { madeAtMs: now - daysOld * dayMs, notAfterMs: now + daysLeft * dayMs };
    const serving = await makeServingCertificate(this.#authority, 'test', hosts, validity);
    const { certificate, key } = serving;
    return { authority: this.#authority.certificate, serving: certificate, key };
  }
}

/** A webhook that answers as it should, is not reached, or is not reached and must be. */
export type Admission = 'works' | 'ignored' | 'failing';

/** A fake API server with an installation that is well; a test makes it ill. */
export class CheckedCluster {
  readonly server = new FakeApiServer();
  admission: Admission = 'works';
  /** Whether the installation's ServiceAccount lacks a right. */
  lacks: (attributes: JsonObject) => boolean = () => false;
  /** Whether the one who asks lacks a right. */
  isForbidden: (request: ApiRequest) => boolean = () => false;
  /** Decides before anything else. */
  intercept: (request: ApiRequest) => Mishap | undefined = () => undefined;

  constructor(certificates: Certificates) {
    for (const [version, plural, kind] of [...servedResources, ...otherResources]) {
      this.server.install(version, plural, kind);
    }
    this.server.intercept = (request) => this.#answer(request);
    this.#install(certificates);
  }

  /** Changes a part of an object that is there. */
  change(plural: string, namespace: string, name: string, patch: JsonObject): void {
    this.server.edit(plural, namespace, name, patch);
  }

  /** Changes webhooks of a configuration of ours, by the beginning of their names. */
  changeWebhooks(kind: 'mutating' | 'validating', begin: string, members: JsonObject): void {
    const plural = `${kind}webhookconfigurations`;
    const webhooks = objectsOf(at(this.configuration(kind), 'webhooks')).map(({ item }) =>
      asText(item['name'])?.startsWith(begin) ? { ...item, ...members } : item,
    );
    this.change(plural, '', 'baas.openfunction.io', { webhooks });
  }

  /** Changes how webhooks of ours are called. */
  changeClients(kind: 'mutating' | 'validating', begin: string, members: JsonObject): void {
    for (const { item } of objectsOf(at(this.configuration(kind), 'webhooks'))) {
      const name = asText(item['name']) ?? '';
      if (!name.startsWith(begin)) continue;
      const clientConfig = { ...asObject(item['clientConfig']), ...members };
      this.changeWebhooks(kind, name, { clientConfig });
    }
  }

  configuration(kind: 'mutating' | 'validating'): JsonObject {
    const plural = `${kind}webhookconfigurations`;
    const found = this.server.get(plural, '', 'baas.openfunction.io');
    if (found === undefined) throw new Error(`no ${kind} configuration`);
    return found;
  }

  /** A Function in a mode, with its proxy where it has one. */
  addFunction(name: string, mode: 'standalone' | 'sidecar' | 'disabled', namespace = 'shop'): void {
    const annotations =
      mode === 'disabled'
        ? { 'openfunction.io/enable-dapr': 'false' }
        : { 'openfunction.io/enable-dapr': 'true', 'openfunction.io/dapr-service-mode': mode };
    this.server.put('functions', namespace, name, { spec: { serving: { annotations } } });
    if (mode !== 'standalone') return;
    const labels = { 'baas.openfunction.io/proxy': name };
    this.server.put('deployments', namespace, `${name}-dapr-proxy`, {
      metadata: { labels },
      ...deployment(1, 'proxy', 'example.com/proxy:v1'),
    });
  }

  /** A function pod, admitted in a mode or not at all. */
  addPod(name: string, functionName: string, mode?: string, namespace = 'shop'): void {
    this.server.put('pods', namespace, name, {
      metadata: {
        labels: {
          'openfunction.io/function': functionName,
          ...(mode === undefined ? {} : { 'baas.openfunction.io/mode': mode }),
        },
      },
      status: { phase: 'Running' },
    });
  }

  /** Puts other certificates in place of those that there are, in the Secret. */
  serve(certificates: Certificates): void {
    this.server.put('secrets', install, `${install}-certificates`, {
      data: {
        'ca.crt': encode(certificates.authority),
        'tls.crt': encode(certificates.serving),
        'tls.key': encode(certificates.key),
      },
    });
  }

  #install(certificates: Certificates): void {
    const { server } = this;
    for (const name of ['default', 'kube-system', 'shop', install, 'dapr-system', 'openfunction']) {
      const labels = { 'kubernetes.io/metadata.name': name };
      server.put('namespaces', '', name, { metadata: { labels } });
    }
    // As it is shipped, with what Kubernetes adds when all is well.
    server.put('deployments', install, install, {
      ...shipped.get('Deployment'),
      status: { availableReplicas: 2, updatedReplicas: 2, observedGeneration: 1 },
    });
    server.put('services', install, install, shipped.get('Service'));
    server.put('configmaps', install, install, shipped.get('ConfigMap'));
    server.put('endpointslices', install, `${install}-x`, {
      metadata: { labels: { 'kubernetes.io/service-name': install } },
      endpoints: [
        { addresses: ['10.1.0.4'], conditions: { ready: true } },
        { addresses: ['10.1.0.5'], conditions: {} },
      ],
    });
    this.serve(certificates);
    for (const [plural, object] of shippedConfigurations(certificates.authority)) {
      server.put(plural, '', 'baas.openfunction.io', object);
    }
    server.put('mutatingwebhookconfigurations', '', 'dapr-sidecar-injector', {
      webhooks: [{ name: 'sidecar-injector.dapr.io', reinvocationPolicy: 'IfNeeded' }],
    });
    server.put('deployments', 'dapr-system', 'dapr-sidecar-injector', {
      metadata: { labels: { app: 'dapr-sidecar-injector' } },
      ...deployment(1, 'dapr-sidecar-injector', 'ghcr.io/dapr/injector:1.15.4'),
    });
    server.put(
      'deployments',
      'openfunction',
      'openfunction-controller-manager',
      deployment(1, 'openfunction', 'openfunction/openfunction:v0.7.0'),
    );
    for (const mode of ['standalone', 'sidecar', 'disabled'] as const) {
      this.addFunction(`in-${mode}`, mode);
      this.addPod(`in-${mode}-1`, `in-${mode}`, mode);
    }
  }

  #answer(request: ApiRequest): Mishap | undefined {
    const mishap = this.intercept(request);
    if (mishap !== undefined) return mishap;
    const { verb, plural, path, body, query } = request;
    if (path === '/version') return { status: 200, body: { gitVersion: 'v1.34.1' } };
    if (this.isForbidden(request)) {
      return status(403, 'Forbidden', `User "tester" cannot ${verb} resource "${plural}"`);
    }
    if (plural === 'subjectaccessreviews') return this.#review(asObject(body) ?? {});
    if (query.get('dryRun') === 'All') return this.#admit(request, asObject(body) ?? {});
    // Whoever only looks must not change anything.
    if (!['get', 'list', 'discover'].includes(verb)) return status(500, 'Surprise', `${verb}!`);
    return undefined;
  }

  #review(body: JsonObject): Mishap {
    const attributes = asObject(at(body, 'spec', 'resourceAttributes')) ?? {};
    const isOurs = at(body, 'spec', 'user') === `system:serviceaccount:${install}:${install}`;
    const allowed = isOurs && !this.lacks(attributes);
    return { status: 201, body: { ...body, status: { allowed } } };
  }

  #admit({ plural, namespace = '' }: ApiRequest, object: JsonObject): Mishap {
    if (this.admission === 'ignored') return { status: 201, body: object };
    if (this.admission === 'failing') {
      return status(
        500,
        'InternalError',
        'Internal error occurred: failed calling webhook "functions.mutate.baas.openfunction.io": x509',
      );
    }
    return plural === 'pods'
      ? { status: 201, body: this.#admitPod(object, namespace) }
      : admitFunction(object);
  }

  #admitPod(pod: JsonObject, namespace: string): JsonObject {
    const name = asText(at(pod, 'metadata', 'labels', 'openfunction.io/function')) ?? '';
    const stored = this.server.get('functions', namespace, name) ?? {};
    const type = { apiVersion: 'core.openfunction.io/v1beta2', kind: 'Function' };
    const fn = readFunction({ ...stored, ...type }, namespace);
    if (fn === undefined) throw new Error(`no Function ${namespace}/${name}`);
    const facts = { servings: [], components: noComponents };
    const settings = { clusterDomain: 'cluster.local', apiTokens: false };
    return applyPatch(pod, admitPod(pod, fn, facts, settings).patch);
  }
}

function admitFunction(object: JsonObject): Mishap {
  const admitted = applyPatch(object, defaultFunction(object, undefined).patch);
  const annotations = at(admitted, 'spec', 'serving', 'annotations');
  const mode = at(annotations, 'openfunction.io/dapr-service-mode');
  return mode === undefined || mode === 'standalone' || mode === 'sidecar'
    ? { status: 201, body: admitted }
    : status(
        422,
        'Invalid',
        `admission webhook "functions.validate.baas.openfunction.io" denied the request: Unsupported value: "${mode}"`,
      );
}

/** A Deployment with all of its pods available. */
export function deployment(replicas: number, container: string, image: string): JsonObject {
  return {
    spec: {
      replicas,
      template: { spec: { containers: [{ name: container, image, args: ['serve'] }] } },
    },
    status: { availableReplicas: replicas, updatedReplicas: replicas, observedGeneration: 1 },
  };
}

/** The shipped configurations, by their plural. */
function shippedConfigurations(authority: string): [plural: string, object: JsonObject][] {
  return (['Mutating', 'Validating'] as const).map((kind) => {
    const object = shipped.get(`${kind}WebhookConfiguration`) ?? {};
    const webhooks = objectsOf(object['webhooks']).map(({ item }) => ({
      ...item,
      clientConfig: { ...asObject(item['clientConfig']), caBundle: encode(authority) },
    }));
    return [`${kind.toLowerCase()}webhookconfigurations`, { ...object, webhooks }];
  });
}

function encode(pem: string): string {
  return Buffer.from(pem).toString('base64');
}

import type { JsonObject } from '../../src/api/json.ts';

/** Fills a list. */
function times<Item>(count: number, make: (index: number) => Item): Item[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

export const namespace = 'shop';
export const functionName = 'stock-count';

/** The Function whose pods are admitted: standalone, one input, one output. */
export const benchFunction: JsonObject = {
  apiVersion: 'core.openfunction.io/v1beta1',
  kind: 'Function',
  metadata: { name: functionName, namespace },
  spec: {
    version: 'v1.0.0',
    image: 'example.com/shop/stock-count:v1.0.0',
    port: 8080,
    serving: {
      runtime: 'async',
      inputs: [{ name: 'tick', component: 'quarter-hour' }],
      outputs: [{ name: 'counts', component: 'stock-kafka', operation: 'create' }],
      bindings: {
        'quarter-hour': {
          type: 'bindings.cron',
          version: 'v1',
          metadata: [{ name: 'schedule', value: '@every 15m' }],
        },
        'stock-kafka': {
          type: 'bindings.kafka',
          version: 'v1',
          metadata: [{ name: 'brokers', value: 'kafka.messaging:9092' }],
        },
      },
    },
  },
};

/**
 * The review of a pod that a ReplicaSet makes, with everything that an API server
 * puts into it: about 2.9 kB, as JSON.
 */
export function podReview(): JsonObject {
  return review('', 'v1', 'Pod', 'pods', pod([functionContainer()]));
}

/** The same with 40 containers: about 60 kB. */
export function largePodReview(): JsonObject {
  return podReviewOf(40);
}

/** The same with so many containers, each but the first with 14 variables. */
export function podReviewOf(containers: number): JsonObject {
  const others = times(containers - 1, (container) => ({
    ...functionContainer(),
    name: `helper-${container}`,
    env: times(14, (index) => ({
      name: `SETTING_${container}_${index}`,
      value: `what helper ${container} is told of its setting ${index}`,
    })),
  }));
  return review('', 'v1', 'Pod', 'pods', pod([functionContainer(), ...others]));
}

/** The review of a Function of about 30 kB: many outputs over many components. */
export function largeFunctionReview(): JsonObject {
  const bindings = Object.fromEntries(
    times(60, (index) => [
      `kafka-${index}`,
      {
        type: 'bindings.kafka',
        version: 'v1',
        metadata: times(4, (entry) => ({
          name: `setting${entry}`,
          value: `kafka-${index}.messaging.svc.cluster.local:909${entry}`,
        })),
      },
    ]),
  );
  const outputs = times(60, (index) => ({
    name: `out-${index}`,
    component: `kafka-${index}`,
    operation: 'create',
    params: { operation: 'create', note: `what goes out by number ${index}` },
  }));
  const spec = benchFunction['spec'] as JsonObject;
  const serving = spec['serving'] as JsonObject;
  const fn = {
    ...benchFunction,
    spec: { ...spec, serving: { ...serving, inputs: [], outputs, bindings } },
  };
  return review('core.openfunction.io', 'v1beta1', 'Function', 'functions', fn);
}

function review(
  group: string,
  version: string,
  kind: string,
  resource: string,
  object: JsonObject,
): JsonObject {
  const userInfo = {
    username: 'system:serviceaccount:kube-system:replicaset-controller',
    uid: '5c0e2f4a-6a3e-4b53-9be4-98d4a2d1f1a7',
    groups: [
      'system:serviceaccounts',
      'system:serviceaccounts:kube-system',
      'system:authenticated',
    ],
  };
  return {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid: '0b4c9ae6-7b16-4a34-8a0e-6a2ba5f4a2b6',
      kind: { group, version, kind },
      resource: { group, version, resource },
      requestKind: { group, version, kind },
      requestResource: { group, version, resource },
      namespace,
      operation: 'CREATE',
      userInfo,
      object,
      oldObject: null,
      dryRun: false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
    },
  };
}

function pod(containers: JsonObject[]): JsonObject {
  const owner = 'stock-count-serving-6v9xk-7d4b9c5f6d';
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      generateName: `${owner}-`,
      namespace,
      creationTimestamp: null,
      labels: {
        app: functionName,
        'openfunction.io/function': functionName,
        'pod-template-hash': '7d4b9c5f6d',
        'app.kubernetes.io/part-of': 'shop',
      },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: owner,
          uid: 'b7f1a2f4-55e7-4b43-8ce0-2f3d2f7f3c11',
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
      managedFields: [
        {
          manager: 'kube-controller-manager',
          operation: 'Update',
          apiVersion: 'v1',
          time: '2026-11-20T10:00:00Z',
          fieldsType: 'FieldsV1',
          fieldsV1: {
            'f:metadata': {
              'f:generateName': {},
              'f:labels': { '.': {}, 'f:app': {}, 'f:pod-template-hash': {} },
              'f:ownerReferences': { '.': {}, 'k:{"uid":"b7f1a2f4-55e7-4b43-8ce0"}': {} },
            },
            'f:spec': {
              'f:containers': {
                'k:{"name":"function"}': { '.': {}, 'f:image': {}, 'f:name': {}, 'f:ports': {} },
              },
              'f:dnsPolicy': {},
              'f:restartPolicy': {},
              'f:schedulerName': {},
              'f:terminationGracePeriodSeconds': {},
            },
          },
        },
      ],
    },
    spec: {
      volumes: [
        {
          name: 'kube-api-access-7x2lp',
          projected: {
            sources: [
              { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
              {
                configMap: {
                  name: 'kube-root-ca.crt',
                  items: [{ key: 'ca.crt', path: 'ca.crt' }],
                },
              },
            ],
            defaultMode: 420,
          },
        },
      ],
      containers,
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      serviceAccountName: 'default',
      serviceAccount: 'default',
      securityContext: {},
      schedulerName: 'default-scheduler',
      tolerations: [
        {
          key: 'node.kubernetes.io/not-ready',
          operator: 'Exists',
          effect: 'NoExecute',
          tolerationSeconds: 300,
        },
      ],
      priority: 0,
      enableServiceLinks: true,
      preemptionPolicy: 'PreemptLowerPriority',
    },
    status: {},
  };
}

function functionContainer(): JsonObject {
  return {
    name: 'function',
    image: 'example.com/shop/stock-count:v1.0.0',
    ports: [{ name: 'function-port', containerPort: 8080, protocol: 'TCP' }],
    env: [{ name: 'GREETING', value: 'hello' }],
    resources: {
      limits: { cpu: '500m', memory: '256Mi' },
      requests: { cpu: '50m', memory: '64Mi' },
    },
    volumeMounts: [
      {
        name: 'kube-api-access-7x2lp',
        readOnly: true,
        mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
      },
    ],
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: 'IfNotPresent',
  };
}

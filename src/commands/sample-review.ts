import type { JsonObject } from '../api/json.ts';

/** A small AdmissionReview that any server answers: a Function with an output and no annotations. */
export const sampleReview: JsonObject = {
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: 'try-it',
    operation: 'CREATE',
    kind: { group: 'core.openfunction.io', version: 'v1beta1', kind: 'Function' },
    namespace: 'default',
    name: 'hello',
    object: {
      apiVersion: 'core.openfunction.io/v1beta1',
      kind: 'Function',
      metadata: { name: 'hello', namespace: 'default' },
      spec: {
        image: 'example.com/hello:v1',
        serving: {
          runtime: 'knative',
          outputs: [{ name: 'out', component: 'kafka', operation: 'create' }],
          bindings: { kafka: { type: 'bindings.kafka', version: 'v1' } },
        },
      },
    },
  },
};

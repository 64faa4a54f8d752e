import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/api/json.ts';
import { readDeploymentState } from '../../../src/rules/check/deployment-state.ts';

function state(spec: JsonObject, status: JsonObject, generation = 3) {
  return readDeploymentState({ metadata: { name: 'x', generation }, spec, status });
}

describe('the state of a Deployment', () => {
  test('is one pod where nobody says how many', () => {
    expect(state({}, {})).toMatchObject({ wanted: 1, available: 0 });
  });

  test('is rolled out when the controller has seen the last change, and every pod is of it', () => {
    const spec = { replicas: 2 };
    const done = { observedGeneration: 3, updatedReplicas: 2, availableReplicas: 2 };
    expect(state(spec, done).isRolledOut).toBe(true);
    expect(state(spec, { ...done, observedGeneration: 2 }).isRolledOut).toBe(false);
    expect(state(spec, { ...done, updatedReplicas: 1 }).isRolledOut).toBe(false);
    expect(state(spec, {}).isRolledOut).toBe(false);
  });

  test('survives fields of the wrong type', () => {
    const odd = { metadata: 7, spec: { replicas: '2', template: [] }, status: null };
    expect(readDeploymentState(odd as unknown as JsonObject)).toMatchObject({
      name: '',
      wanted: 1,
      available: 0,
      serviceAccount: undefined,
    });
  });
});

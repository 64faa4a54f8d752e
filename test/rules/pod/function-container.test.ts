import { describe, expect, it } from 'vitest';
import { findFunctionContainer } from '../../../src/rules/pod/function-container.ts';
import { functionInMode, modes } from '../../support/functions.ts';
import { listAt } from '../../support/json.ts';
import { admit, envOf, functionContainer, podOf } from '../../support/pods.ts';

const annotation = 'baas.openfunction.io/function-container';

function podWith(names: string[], annotated?: string) {
  return podOf({
    containers: names.map((name) => functionContainer({ name })),
    ...(annotated === undefined ? {} : { annotations: { [annotation]: annotated } }),
  });
}

/** Name of the container that gets the function's environment, and how many warnings came with it. */
function chosen(names: string[], annotated?: string): { name: unknown; isWarned: boolean } {
  const admission = admit(podWith(names, annotated), functionInMode('sidecar'));
  const withContext = listAt(admission.pod, 'spec', 'containers').filter((container) =>
    envOf(container).has('FUNC_CONTEXT'),
  );
  expect(withContext).toHaveLength(1);
  return { name: withContext[0]?.['name'], isWarned: admission.warnings.length > 0 };
}

describe('the function container', () => {
  it('is the one called function, before everything else', () => {
    expect(chosen(['user-container', 'a', 'function'], 'a')).toEqual({
      name: 'function',
      isWarned: false,
    });
  });

  it("is the one that the Pod's annotation names, when none is called function", () => {
    expect(chosen(['user-container', 'a', 'b'], 'b')).toEqual({ name: 'b', isWarned: false });
  });

  it('is user-container, when the annotation names none that is there', () => {
    expect(chosen(['queue-proxy', 'a', 'user-container'])).toEqual({
      name: 'user-container',
      isWarned: false,
    });
    expect(chosen(['a', 'user-container'], 'missing')).toEqual({
      name: 'user-container',
      isWarned: false,
    });
    expect(chosen(['a', 'user-container'], '')).toEqual({
      name: 'user-container',
      isWarned: false,
    });
  });

  it('is the only one that is no known sidecar', () => {
    for (const sidecar of ['daprd', 'queue-proxy', 'istio-proxy', 'linkerd-proxy']) {
      expect(chosen([sidecar, 'main'])).toEqual({ name: 'main', isWarned: false });
      expect(chosen(['main', sidecar])).toEqual({ name: 'main', isWarned: false });
    }
    expect(chosen(['istio-proxy', 'queue-proxy', 'main', 'daprd', 'linkerd-proxy'])).toEqual({
      name: 'main',
      isWarned: false,
    });
  });

  it('is the first one with a warning, when nothing tells', () => {
    expect(chosen(['a', 'b'])).toEqual({ name: 'a', isWarned: true });
    expect(chosen(['a', 'b', 'istio-proxy'])).toEqual({ name: 'a', isWarned: true });
    expect(chosen(['istio-proxy'])).toEqual({ name: 'istio-proxy', isWarned: true });
  });

  it('is named in the warning together with how to say it right', () => {
    const { warnings } = admit(podWith(['a', 'b']), functionInMode('sidecar'));
    expect(warnings).toEqual([
      'container "a" is taken for the function; name the right one in the annotation baas.openfunction.io/function-container, or call it "function"',
    ]);
  });

  it('is never the daprd that is taken out', () => {
    for (const mode of ['disabled', 'standalone'] as const) {
      for (const names of [
        ['daprd', 'main'],
        ['main', 'daprd'],
      ]) {
        const { pod } = admit(podWith(names, 'daprd'), functionInMode(mode));
        expect(listAt(pod, 'spec', 'containers').map(({ name }) => name)).toEqual(['main']);
        expect(envOf(listAt(pod, 'spec', 'containers')[0] ?? {}).has('FUNC_CONTEXT')).toBe(true);
      }
    }
  });

  it('is none in a Pod without containers, which is admitted all the same', () => {
    for (const containers of [undefined, null, [], {}, 'text', [null, 5, 'a', []]]) {
      const pod = podOf({ spec: { containers } });
      expect(findFunctionContainer(pod, () => false)).toBeUndefined();
      for (const mode of modes) {
        expect(admit(pod, functionInMode(mode)).pod['spec']).toEqual(
          JSON.parse(JSON.stringify(pod['spec'])),
        );
      }
    }
  });

  it('is found among members that are no containers', () => {
    const pod = podOf({ spec: { containers: [null, 'a', functionContainer()] } });
    expect(findFunctionContainer(pod, () => false)?.index).toBe(2);
  });
});

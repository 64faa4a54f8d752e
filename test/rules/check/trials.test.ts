import { describe, expect, test } from 'vitest';
import { at, type JsonObject, objectsOf } from '../../../src/api/json.ts';
import { functionTrials, trialFunction } from '../../../src/rules/check/function-trial.ts';
import { found, type LookedUp } from '../../../src/rules/check/looked-up.ts';
import {
  functionsToTry,
  type PodTrials,
  podTrials,
  trialPod,
} from '../../../src/rules/check/pod-trial.ts';
import type { Trial } from '../../../src/rules/check/trial.ts';
import { noComponents } from '../../../src/rules/context/component-lookup.ts';
import type { EffectiveMode } from '../../../src/rules/effective-mode.ts';
import { defaultFunction } from '../../../src/rules/function/function-defaults.ts';
import { validateFunction } from '../../../src/rules/function/function-validation.ts';
import { applyPatch } from '../../support/apply-patch.ts';
import { functionInMode, modes, versions } from '../../support/functions.ts';
import { pick } from '../../support/json.ts';
import { admit } from '../../support/pods.ts';

const accepted = (object: JsonObject): LookedUp<Trial> => found({ kind: 'accepted', object });
const refused = (message: string): LookedUp<Trial> => found({ kind: 'refused', message });
const every = (outcome: LookedUp<Trial>) => ({
  standalone: outcome,
  sidecar: outcome,
  disabled: outcome,
});
const nothing: PodTrials = { standalone: undefined, sidecar: undefined, disabled: undefined };

describe.each(versions)('the Function of a dry run at %s', (version) => {
  test('gets its defaults in each mode, and has nothing that is denied', () => {
    const admitted = (mode: EffectiveMode): JsonObject => {
      const object = trialFunction(version, 'shop', mode);
      return applyPatch(object, defaultFunction(object, undefined).patch);
    };
    const annotations = modes.map((mode) => [
      mode,
      at(admitted(mode), 'spec', 'serving', 'annotations'),
    ]);
    const keys = ['openfunction.io/enable-dapr', 'openfunction.io/dapr-service-mode'] as const;
    expect(Object.fromEntries(annotations)).toEqual({
      standalone: { [keys[0]]: 'true', [keys[1]]: 'standalone' },
      sidecar: { [keys[0]]: 'true', [keys[1]]: 'sidecar' },
      disabled: { [keys[0]]: 'false' },
    });
    for (const mode of modes) {
      expect(validateFunction(admitted(mode), 'shop', undefined, noComponents)).toEqual({
        problems: [],
        warnings: [],
        mode,
        invalidAnnotations: [],
      });
    }
    const inModes = {
      standalone: accepted(admitted('standalone')),
      sidecar: accepted(admitted('sidecar')),
      disabled: accepted(admitted('disabled')),
    };
    const trials = { namespace: 'shop', inModes, invalid: refused('') };
    expect(functionTrials(found(trials))[0]?.level).toBe('ok');
    // None of them has its defaults already: a webhook that is not called is found out.
    for (const mode of modes) {
      const unchanged = accepted(trialFunction(version, 'shop', mode));
      expect(
        functionTrials(found({ ...trials, inModes: { ...inModes, [mode]: unchanged } }))[0],
      ).toMatchObject({
        level: 'error',
        message: `dry runs in namespace shop came back without them (${mode}): the webhook was not called, or not reached`,
      });
    }
  });

  test('is denied for its mode alone, where it is to be', () => {
    const object = trialFunction(version, 'shop', 'invalid');
    const { problems } = validateFunction(object, 'shop', undefined, noComponents);
    expect(problems.map(({ field }) => field)).toEqual([
      'spec.serving.annotations[openfunction.io/dapr-service-mode]',
    ]);
  });

  test("has what OpenFunction's own schema asks for", () => {
    const object = trialFunction(version, 'shop', 'standalone');
    expect(pick(object, 'spec', 'image')).toBeTruthy();
    for (const binding of Object.values(at(object, 'spec', 'serving', 'bindings') ?? {})) {
      expect(Object.keys(binding as JsonObject).sort()).toEqual(['metadata', 'type', 'version']);
    }
    const [output] = objectsOf(at(object, 'spec', 'serving', 'outputs'));
    const required = version === 'v1beta1' ? ['name', 'component'] : ['dapr'];
    for (const key of required) expect(output?.item).toHaveProperty(key);
  });
});

describe('a dry run of a Function', () => {
  const plain = (outcome: LookedUp<Trial>) =>
    functionTrials(found({ namespace: 'shop', inModes: every(outcome), invalid: refused('') }))[0];
  const invalid = (outcome: LookedUp<Trial>) =>
    functionTrials(found({ namespace: 'shop', inModes: every(refused('')), invalid: outcome }))[1];
  const denial =
    'admission webhook "functions.validate.baas.openfunction.io" denied the request: x';
  const failure = 'failed calling webhook "functions.mutate.baas.openfunction.io": x509';
  const stranger = 'admission webhook "vfunctions.of.io" denied the request: x';

  test('tells that the webhook was not reached, and nothing of what others refuse', () => {
    const object = trialFunction('v1beta2', 'shop', 'standalone');
    expect(plain(accepted(object))).toMatchObject({ level: 'error' });
    expect(plain(refused(failure))).toMatchObject({ level: 'error', message: failure });
    expect(plain(refused(stranger))).toMatchObject({
      level: 'warning',
      message: `not tried: somebody else refuses the dry run: ${stranger}`,
    });
  });

  test('is well only when this project denies what is invalid', () => {
    expect(invalid(refused(denial))).toMatchObject({ level: 'ok' });
    expect(invalid(refused(failure))).toMatchObject({ level: 'error' });
    expect(invalid(refused(stranger))).toMatchObject({ level: 'warning' });
    expect(invalid(accepted({}))).toMatchObject({ level: 'error' });
  });

  test('is not made where Functions are not served', () => {
    expect(functionTrials(found(undefined)).map(({ level }) => level)).toEqual([
      'warning',
      'warning',
    ]);
  });
});

describe('the Function whose Pod is tried', () => {
  const inMode = (mode: (typeof modes)[number], name: string, namespace: string) => ({
    ...functionInMode(mode, { name }),
    namespace,
  });

  test('is one of each mode, in a namespace that is selected if there is one', () => {
    const functions = [
      inMode('standalone', 'left-out', 'a'),
      inMode('standalone', 'selected', 'b'),
      inMode('sidecar', 'only', 'a'),
    ];
    const chosen = functionsToTry(functions, (namespace) => namespace === 'b');
    expect(chosen.standalone?.name).toBe('selected');
    expect(chosen.sidecar?.name).toBe('only');
    expect(chosen.disabled).toBeUndefined();
  });

  test('is none that goes, is only built, or has a name that no label can hold', () => {
    const fn = functionInMode('disabled');
    const functions = [
      { ...fn, isDeleting: true },
      { ...fn, serving: undefined },
      { ...fn, name: 'x'.repeat(64) },
    ];
    expect(functionsToTry(functions, () => true).disabled).toBeUndefined();
  });
});

describe('a dry run of a Pod', () => {
  const tried = (mode: (typeof modes)[number], outcome: (pod: JsonObject) => LookedUp<Trial>) => {
    const fn = functionInMode(mode);
    const pod = trialPod(fn);
    const findings = podTrials(found({ ...nothing, [mode]: { fn, pod, trial: outcome(pod) } }));
    return findings.find(({ id }) => id === `dry-run-pod-${mode}`);
  };

  test.each(modes)('in %s mode is well as admission makes it', (mode) => {
    const fn = functionInMode(mode);
    const finding = tried(mode, (pod) => accepted(admit(pod, fn).pod));
    expect(finding).toMatchObject({ level: 'ok' });
  });

  test.each(modes)('in %s mode is not when it comes back as it went', (mode) => {
    expect(tried(mode, accepted)).toMatchObject({ level: 'error' });
  });

  test('is not when it comes back in another mode', () => {
    const other = functionInMode('disabled');
    expect(tried('sidecar', (pod) => accepted(admit(pod, other).pod))?.message).toContain(
      'came back in disabled mode',
    );
  });

  test('is not when somebody took away what it got', () => {
    const fn = functionInMode('standalone');
    const finding = tried('standalone', (pod) => {
      const { pod: admitted } = admit(pod, fn);
      const metadata = { labels: at(admitted, 'metadata', 'labels') ?? {}, annotations: {} };
      return accepted({ ...admitted, metadata, spec: { containers: [] } });
    });
    expect(finding?.message).toContain('without dapr.io/enabled: "false" and DAPR_HOST');
  });

  test('tells of the daprd that it came back with', () => {
    const fn = functionInMode('sidecar');
    const daprd = { name: 'daprd' };
    for (const list of ['containers', 'initContainers']) {
      const finding = tried('sidecar', (pod) => {
        const { pod: admitted } = admit(pod, fn);
        const spec = at(admitted, 'spec') as JsonObject;
        const containers = [...((spec[list] as JsonObject[] | undefined) ?? []), daprd];
        return accepted({ ...admitted, spec: { ...spec, [list]: containers } });
      });
      expect(finding?.message).toMatch(/, with a daprd$/);
    }
  });

  test('goes by what the Function says of dapr.io/enabled', () => {
    const fn = functionInMode('sidecar', { annotations: { 'dapr.io/enabled': 'yes' } });
    const pod = trialPod(fn);
    const sidecar = { fn, pod, trial: accepted(admit(pod, fn).pod) };
    const findings = podTrials(found({ ...nothing, sidecar }));
    expect(findings[1]).toMatchObject({ level: 'ok' });
  });

  test('is not made where Functions cannot be seen, which is a warning', () => {
    const right = { verb: 'list', group: 'x', resource: 'functions', namespace: undefined };
    const forbidden = { kind: 'forbidden', right } as const;
    expect(podTrials(forbidden).map(({ level }) => level)).toEqual(Array(3).fill('warning'));
    expect(functionTrials(forbidden).map(({ level }) => level)).toEqual(Array(2).fill('warning'));
  });

  test('is not made where no Function is in the mode, which is no fault', () => {
    expect(podTrials(found(nothing)).map(({ level, message }) => `${level}: ${message}`)).toEqual([
      'ok: not tried: no Function is in standalone mode',
      'ok: not tried: no Function is in sidecar mode',
      'ok: not tried: no Function is in disabled mode',
    ]);
  });
});

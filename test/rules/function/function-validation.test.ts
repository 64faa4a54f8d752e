import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../../src/api/json.ts';
import { type ComponentLookup, noComponents } from '../../../src/rules/context/component-lookup.ts';
import { validateFunction } from '../../../src/rules/function/function-validation.ts';
import { describeProblem } from '../../../src/rules/function/problem.ts';
import { component, lookupOf } from '../../support/components.ts';
import {
  daprServiceMode,
  enableDapr,
  functionOf,
  namespace,
  v1beta1,
  v1beta2,
  versions,
} from '../../support/functions.ts';
import { deepFreeze, wireCopy } from '../../support/json.ts';

interface Verdict {
  /** Each problem as the API server would write it into one line. */
  readonly problems: string[];
  readonly warnings: string[];
}

function validate(
  object: JsonObject,
  oldObject?: JsonObject,
  components: ComponentLookup = noComponents,
): Verdict {
  const input = deepFreeze(wireCopy(object));
  const stored = oldObject === undefined ? undefined : deepFreeze(wireCopy(oldObject));
  const { problems, warnings } = validateFunction(input, namespace, stored, components);
  return { problems: problems.map(describeProblem), warnings };
}

const fine: Verdict = { problems: [], warnings: [] };

const kafkaBinding = { kafka: { type: 'bindings.kafka', version: 'v1', metadata: [] } };
const kafkaTopics = { kafka: { type: 'pubsub.kafka', version: 'v1', metadata: [] } };

describe('the two annotations', () => {
  it('may hold the allowed values', () => {
    for (const version of versions) {
      for (const enable of ['true', 'false']) {
        for (const mode of ['standalone', 'sidecar']) {
          const annotations = { [enableDapr]: enable, [daprServiceMode]: mode };
          expect(validate(functionOf(version, { annotations }))).toEqual(fine);
        }
      }
      expect(validate(functionOf(version))).toEqual(fine);
    }
  });

  it('may not hold anything else, and the message says what is supported', () => {
    for (const version of versions) {
      for (const value of ['', 'True', 'TRUE', 'yes', '1', ' true', 'sidecar']) {
        const verdict = validate(functionOf(version, { annotations: { [enableDapr]: value } }));
        expect(verdict).toEqual({
          problems: [
            `spec.serving.annotations[openfunction.io/enable-dapr]: Unsupported value: "${value}": supported values: "true", "false"`,
          ],
          warnings: [],
        });
      }
      for (const value of ['', 'proxy', 'Sidecar', 'none', 'true', 'standalone ']) {
        const verdict = validate(
          functionOf(version, { annotations: { [daprServiceMode]: value } }),
        );
        expect(verdict).toEqual({
          problems: [
            `spec.serving.annotations[openfunction.io/dapr-service-mode]: Unsupported value: "${value}": supported values: "standalone", "sidecar"`,
          ],
          warnings: [],
        });
      }
    }
  });

  it('have to be strings', () => {
    const spelled: [Json, string][] = [
      [true, 'true'],
      [5, '5'],
      [null, 'null'],
    ];
    for (const [value, quoted] of spelled) {
      for (const annotation of [enableDapr, daprServiceMode, 'dapr.io/app-id']) {
        expect(validate(v1beta1({ annotations: { [annotation]: value } })).problems).toEqual([
          `spec.serving.annotations[${annotation}]: Invalid value: ${quoted}: must be a string; put it in quotes`,
        ]);
      }
    }
  });

  it('are wrong even where the mode is ignored', () => {
    const annotations = { [enableDapr]: 'false', [daprServiceMode]: 'proxy' };
    expect(validate(v1beta1({ annotations })).problems).toHaveLength(1);
  });

  it('are repeated in a message that stays short and on one line', () => {
    for (const value of ['x'.repeat(10_000), 'a\nb\r\u2028c', '"quoted"']) {
      const [problem] = validate(v1beta1({ annotations: { [enableDapr]: value } })).problems;
      expect(problem?.length).toBeLessThan(300);
      expect(problem).not.toMatch(/[\n\r]/);
    }
  });
});

describe('the Dapr app-id', () => {
  it('may be a DNS label of at most 58 characters', () => {
    for (const appId of ['a', 'orders', 'my-app-2', '2nd', 'a'.repeat(58)]) {
      expect(validate(v1beta1({ annotations: { 'dapr.io/app-id': appId } }))).toEqual(fine);
    }
  });

  it('is denied when the user chose anything else', () => {
    for (const version of versions) {
      for (const appId of [
        'a'.repeat(59),
        'My-App',
        'my.app',
        'my_app',
        '-a',
        'a-',
        'ä',
        'a b',
        '',
      ]) {
        const verdict = validate(functionOf(version, { annotations: { 'dapr.io/app-id': appId } }));
        expect(verdict.warnings).toEqual([]);
        expect(verdict.problems).toEqual([
          `spec.serving.annotations[dapr.io/app-id]: Invalid value: "${appId}": must be a DNS label of at most 58 characters (lower case letters, digits and '-', starting and ending with a letter or digit), because Dapr names a Service <app-id>-dapr`,
        ]);
      }
    }
  });

  it('is no reason to deny when it is derived, however long the name', () => {
    expect(validate(v1beta1({ name: 'a'.repeat(63) })).problems).toEqual([]);
    expect(validate(v1beta1({ name: `${'a'.repeat(200)}.b` })).problems).toEqual([]);
  });
});

describe('a component name in both bindings and pubsub', () => {
  it('is denied', () => {
    for (const version of versions) {
      const serving = { bindings: kafkaBinding, pubsub: kafkaTopics };
      expect(validate(functionOf(version, { serving })).problems).toEqual([
        'spec.serving.pubsub[kafka]: Duplicate value: "kafka": also declared in spec.serving.bindings; give one of them another name',
      ]);
    }
  });

  it('is denied once for every such name', () => {
    const serving = {
      bindings: { a: { type: 'bindings.x' }, b: { type: 'bindings.x' }, c: { type: 'bindings.x' } },
      pubsub: { a: { type: 'pubsub.x' }, c: { type: 'pubsub.x' }, d: { type: 'pubsub.x' } },
    };
    expect(validate(v1beta1({ serving })).problems.map((line) => line.split(':')[0])).toEqual([
      'spec.serving.pubsub[a]',
      'spec.serving.pubsub[c]',
    ]);
  });

  it('is fine in one of them alone', () => {
    expect(validate(v1beta1({ serving: { bindings: kafkaBinding } }))).toEqual(fine);
    expect(validate(v1beta1({ serving: { pubsub: kafkaTopics } }))).toEqual(fine);
  });
});

describe('a Function with several problems', () => {
  it('is told all of them at once', () => {
    for (const version of versions) {
      const verdict = validate(
        functionOf(version, {
          annotations: {
            [enableDapr]: 'yes',
            [daprServiceMode]: 'proxy',
            'dapr.io/app-id': 'My.App',
          },
          serving: { bindings: kafkaBinding, pubsub: kafkaTopics },
        }),
      );
      expect(verdict.problems.map((line) => line.split(': ')[0])).toEqual([
        'spec.serving.annotations[openfunction.io/enable-dapr]',
        'spec.serving.annotations[openfunction.io/dapr-service-mode]',
        'spec.serving.annotations[dapr.io/app-id]',
        'spec.serving.pubsub[kafka]',
      ]);
    }
  });
});

describe('ratcheting', () => {
  const annotations = { [enableDapr]: 'yes', [daprServiceMode]: 'proxy', 'dapr.io/app-id': 'A' };
  const serving = { bindings: kafkaBinding, pubsub: kafkaTopics };

  it('turns problems of unchanged fields into warnings', () => {
    for (const version of versions) {
      const stored = functionOf(version, { annotations, serving });
      const object = functionOf(version, {
        annotations: { ...annotations, team: 'checkout' },
        serving: { ...serving, params: { A: '1' } },
      });
      const verdict = validate(object, stored);
      expect(verdict.problems).toEqual([]);
      const denied = validate(stored).problems;
      expect(denied).toHaveLength(4);
      expect(verdict.warnings.map((line) => line.replace(/ \(stored before\)$/, ''))).toEqual(
        denied,
      );
    }
  });

  it('denies a field that changes from one wrong value to another', () => {
    const stored = v1beta1({ annotations });
    for (const [annotation, value] of [
      [enableDapr, 'no'],
      [daprServiceMode, 'Sidecar'],
      ['dapr.io/app-id', 'B'],
    ] as const) {
      const verdict = validate(
        v1beta1({ annotations: { ...annotations, [annotation]: value } }),
        stored,
      );
      expect(verdict.problems).toHaveLength(1);
      expect(verdict.problems[0]).toContain(`[${annotation}]`);
      expect(verdict.warnings).toHaveLength(2);
    }
  });

  it('denies what was right and becomes wrong', () => {
    const stored = v1beta1({
      annotations: { [enableDapr]: 'true' },
      serving: { bindings: kafkaBinding },
    });
    expect(
      validate(v1beta1({ annotations: { [enableDapr]: 'yes' } }), stored).problems,
    ).toHaveLength(1);
    expect(validate(v1beta1({ serving }), stored).problems).toHaveLength(1);
    expect(validate(v1beta1({ annotations }), v1beta1()).problems).toHaveLength(3);
  });

  it('lets a problem be repaired', () => {
    const stored = v1beta1({ annotations, serving });
    expect(validate(v1beta1({ serving: { pubsub: kafkaTopics } }), stored)).toEqual(fine);
  });

  it('takes a wrong type for changed when it is another one', () => {
    const stored = v1beta1({ annotations: { [enableDapr]: true } });
    expect(validate(v1beta1({ annotations: { [enableDapr]: true } }), stored).problems).toEqual([]);
    for (const value of [false, 'TRUE', 1]) {
      const verdict = validate(v1beta1({ annotations: { [enableDapr]: value } }), stored);
      expect(verdict.problems).toHaveLength(1);
    }
  });

  it('does not reach over to a creation', () => {
    expect(validate(v1beta1({ annotations, serving })).problems).toHaveLength(4);
  });

  it('takes a stored object that cannot be read for one without problems', () => {
    for (const stored of [{}, { kind: 'Function' }, { spec: null }]) {
      expect(validate(v1beta1({ annotations }), stored).problems).toHaveLength(3);
    }
  });
});

describe('a component that nobody declares', () => {
  const uses: [string, string, JsonObject][] = [
    [
      'input',
      'spec.serving.inputs[0].component',
      v1beta1({ serving: { runtime: 'async', inputs: [{ name: 'in', component: 'kafka' }] } }),
    ],
    [
      'output',
      'spec.serving.outputs[1].component',
      v1beta1({
        serving: {
          bindings: { known: { type: 'bindings.x' } },
          outputs: [
            { name: 'a', component: 'known', operation: 'create' },
            { name: 'b', component: 'kafka' },
          ],
        },
      }),
    ],
    ['state', 'spec.serving.states[kafka]', v1beta1({ serving: { states: { kafka: {} } } })],
    [
      'input',
      'spec.serving.triggers.dapr[0].name',
      v1beta2({ serving: { triggers: { dapr: [{ name: 'kafka' }] } } }),
    ],
    [
      'passive input',
      'spec.serving.triggers.inputs[0].dapr.name',
      v1beta2({ serving: { triggers: { http: {}, inputs: [{ dapr: { name: 'kafka' } }] } } }),
    ],
    [
      'output',
      'spec.serving.outputs[1].dapr.name',
      v1beta2({ serving: { outputs: [{ other: {} }, { dapr: { name: 'kafka' } }] } }),
    ],
    ['state', 'spec.serving.states[kafka]', v1beta2({ serving: { states: { kafka: {} } } })],
  ];

  it.each(uses)('is a warning, and no denial: %s at %s', (kind, field, object) => {
    expect(validate(object)).toEqual({
      problems: [],
      warnings: [
        `${field}: component "kafka" is neither declared in this Function nor a Dapr Component in namespace "shop"; the ${kind} works once it is`,
      ],
    });
  });

  it.each(uses)('is fine once it exists in the namespace: %s at %s', (_kind, _field, object) => {
    const existing = lookupOf(component('kafka', 'state.redis'));
    expect(validate(object, undefined, existing)).toEqual(fine);
  });

  it('is a warning on an update as well', () => {
    for (const [, , object] of uses) expect(validate(object, object).warnings).toHaveLength(1);
  });

  it('is warned of when the entry names none at all', () => {
    const beta1 = v1beta1({ serving: { outputs: [{ name: 'out' }] } });
    expect(validate(beta1)).toEqual({
      problems: [],
      warnings: [
        'spec.serving.outputs[0].component: Required value: the output names no Dapr component',
      ],
    });
    const beta2 = v1beta2({ serving: { triggers: { dapr: [{ type: 'bindings.cron' }] } } });
    expect(validate(beta2)).toEqual({
      problems: [],
      warnings: [
        'spec.serving.triggers.dapr[0].name: Required value: the input names no Dapr component',
      ],
    });
  });

  it('is fine when it is declared in bindings, pubsub or states', () => {
    const state = { type: 'state.redis', version: 'v1' };
    expect(validate(v1beta1({ serving: { states: { store: state } } }))).toEqual(fine);
    expect(validate(v1beta2({ serving: { states: { store: { spec: state } } } }))).toEqual(fine);
    for (const block of ['bindings', 'pubsub']) {
      const serving = {
        [block]: { any: { type: `${block}.any` } },
        outputs: [{ name: 'out', component: 'any', operation: 'create', topic: 'orders' }],
      };
      expect(validate(v1beta1({ serving }))).toEqual(fine);
    }
  });
});

describe('a pub/sub input or output without a topic', () => {
  it('is a warning in v1beta1', () => {
    const serving = {
      runtime: 'async',
      pubsub: kafkaTopics,
      inputs: [{ name: 'in', component: 'kafka' }],
      outputs: [{ name: 'out', component: 'kafka' }],
    };
    expect(validate(v1beta1({ serving }))).toEqual({
      problems: [],
      warnings: [
        'spec.serving.inputs[0].topic: Required value: a pub/sub input needs a topic',
        'spec.serving.outputs[0].topic: Required value: a pub/sub output needs a topic',
      ],
    });
  });

  it('is a warning in v1beta2', () => {
    const serving = {
      pubsub: kafkaTopics,
      triggers: {
        dapr: [{ name: 'kafka', type: 'pubsub.kafka' }],
        inputs: [{ dapr: { name: 'kafka' } }],
      },
      outputs: [{ dapr: { name: 'kafka' } }],
    };
    expect(validate(v1beta2({ serving })).warnings).toEqual([
      'spec.serving.triggers.dapr[0].topic: Required value: a pub/sub input needs a topic',
      'spec.serving.triggers.inputs[0].dapr.topic: Required value: a pub/sub passive input needs a topic',
      'spec.serving.outputs[0].dapr.topic: Required value: a pub/sub output needs a topic',
    ]);
  });

  it('is known by the type of a Component that exists', () => {
    const serving = { runtime: 'async', inputs: [{ name: 'in', component: 'kafka' }] };
    const existing = lookupOf(component('kafka', 'pubsub.kafka'));
    expect(validate(v1beta1({ serving }), undefined, existing).warnings).toEqual([
      'spec.serving.inputs[0].topic: Required value: a pub/sub input needs a topic',
    ]);
  });

  it('is known by the block where the declaration names no type', () => {
    const pubsub = { kafka: { version: 'v1' } };
    const outputs = [{ name: 'out', component: 'kafka' }];
    expect(validate(v1beta1({ serving: { pubsub, outputs } })).warnings).toEqual([
      'spec.serving.outputs[0].topic: Required value: a pub/sub output needs a topic',
    ]);
  });

  it('is fine with a topic', () => {
    const inputs = [{ name: 'in', component: 'kafka', topic: 'orders' }];
    const serving = { runtime: 'async', pubsub: kafkaTopics, inputs };
    expect(validate(v1beta1({ serving }))).toEqual(fine);
  });
});

describe('a binding output without an operation', () => {
  it('is a warning', () => {
    const beta1 = { bindings: kafkaBinding, outputs: [{ name: 'out', component: 'kafka' }] };
    expect(validate(v1beta1({ serving: beta1 }))).toEqual({
      problems: [],
      warnings: [
        'spec.serving.outputs[0].operation: Required value: a binding output names its operation, for example "create"',
      ],
    });
    const beta2 = { bindings: kafkaBinding, outputs: [{ dapr: { name: 'kafka' } }] };
    expect(validate(v1beta2({ serving: beta2 }))).toEqual({
      problems: [],
      warnings: [
        'spec.serving.outputs[0].dapr.operation: Required value: a binding output names its operation, for example "create"',
      ],
    });
  });

  it('is fine for an input, which has none', () => {
    const serving = {
      runtime: 'async',
      bindings: kafkaBinding,
      inputs: [{ name: 'in', component: 'kafka' }],
    };
    expect(validate(v1beta1({ serving }))).toEqual(fine);
  });
});

describe('inputs of a function that is called over HTTP', () => {
  it('are a warning in v1beta1', () => {
    for (const runtime of [{ runtime: 'knative' }, { runtime: 'Knative' }, {}]) {
      const serving = {
        ...runtime,
        bindings: kafkaBinding,
        inputs: [{ name: 'in', component: 'kafka' }],
      };
      expect(validate(v1beta1({ serving }))).toEqual({
        problems: [],
        warnings: [
          'spec.serving.inputs: not used, because a function with runtime "knative" is called over HTTP; use runtime "async" to be fed by Dapr',
        ],
      });
    }
  });

  it('are fine for an async one', () => {
    for (const runtime of ['async', 'Async', 'openFuncAsync', 'OpenFuncAsync']) {
      const serving = {
        runtime,
        bindings: kafkaBinding,
        inputs: [{ name: 'in', component: 'kafka' }],
      };
      expect(validate(v1beta1({ serving }))).toEqual(fine);
    }
  });
});

describe('two inputs under one name', () => {
  it('are a warning, since FUNC_CONTEXT has room for one of them', () => {
    const beta1 = {
      runtime: 'async',
      pubsub: kafkaTopics,
      inputs: ['a', 'b'].map((topic) => ({ name: 'in', component: 'kafka', topic })),
    };
    const beta2 = {
      pubsub: kafkaTopics,
      triggers: { dapr: ['a', 'b'].map((topic) => ({ name: 'kafka', topic })) },
    };
    for (const [object, field] of [
      [v1beta1({ serving: beta1 }), 'spec.serving.inputs[1]'],
      [v1beta2({ serving: beta2 }), 'spec.serving.triggers.dapr[1]'],
    ] as const) {
      const verdict = validate(object);
      expect(verdict.problems).toEqual([]);
      expect(verdict.warnings.map((line) => line.split(': ')[0])).toEqual([field]);
    }
  });

  it('are fine under two', () => {
    const dapr = ['a', 'b'].map((topic) => ({ name: 'kafka', topic, inputName: topic }));
    expect(validate(v1beta2({ serving: { pubsub: kafkaTopics, triggers: { dapr } } }))).toEqual(
      fine,
    );
  });
});

describe('a port that daprd takes', () => {
  it('is a warning where there is a daprd', () => {
    const on = { [enableDapr]: 'true' };
    for (const port of [3500, 3501, 50001, 50002]) {
      const serving = { runtime: 'knative' };
      const { problems, warnings } = validate(
        v1beta1({ spec: { port }, annotations: on, serving }),
      );
      expect(problems).toEqual([]);
      expect(warnings).toEqual([expect.stringMatching(new RegExp(`^spec\\.port: ${port} is`))]);
      const off = { [enableDapr]: 'false' };
      expect(validate(v1beta1({ spec: { port }, annotations: off, serving }))).toEqual(fine);
    }
    const http = { triggers: { http: { port: 3500 } } };
    const [warning] = validate(v1beta2({ annotations: on, serving: http })).warnings;
    expect(warning).toContain('spec.serving.triggers.http.port: 3500');
  });
});

describe('many entries', () => {
  it('of a Function as large as etcd takes are read once each', () => {
    const count = 20_000;
    const names = Array.from({ length: count }, (_, index) => `c${index}`);
    const same = Object.fromEntries(names.map((name) => [name, { type: 'bindings.x' }]));
    const object = v1beta1({
      serving: {
        runtime: 'async',
        inputs: names.map((name) => ({ name, component: name })),
        bindings: same,
        pubsub: same,
      },
    });
    const { problems, warnings } = validate(object, object);
    expect(problems).toEqual([]);
    expect(warnings.filter((line) => line.includes('(stored before)'))).toHaveLength(count);
  });
});

describe('what validation is not about', () => {
  it('is allowed unread', () => {
    const annotations = { [enableDapr]: 'yes' };
    const built = v1beta1();
    (built['spec'] as JsonObject)['serving'] = undefined;
    expect(validate(built)).toEqual(fine);
    expect(validate({ ...v1beta1({ annotations }), kind: 'Serving' })).toEqual(fine);
    expect(validate({ ...v1beta1({ annotations }), apiVersion: 'v1' })).toEqual(fine);
  });
});

describe('settings that a Function overrides', () => {
  const wrong: readonly [name: string, value: string, sentence: string][] = [
    ['api-token', 'yes', 'must be true or false'],
    ['network-policy', '', 'must be true or false'],
    ['proxy-replicas', '-1', 'must be a number from 0 to 100, or unmanaged'],
    ['proxy-image', 'a b', 'must be an image reference without spaces'],
    ['proxy-cpu-request', 'x', 'must be a Kubernetes quantity such as 500m or 2, or none'],
    ['proxy-memory-limit', '1m', 'must be a Kubernetes quantity such as 256Mi or 1Gi, or none'],
    ['proxy-labels', 'team', 'must be key=value; "team" is not'],
  ];

  it.each(wrong)('are warned of, and never denied, when %s is %j', (name, value, sentence) => {
    const annotation = `baas.openfunction.io/${name}`;
    for (const version of versions) {
      expect(validate(functionOf(version, { annotations: { [annotation]: value } }))).toEqual({
        problems: [],
        warnings: [
          `spec.serving.annotations[${annotation}]: Invalid value: "${value}": ${sentence}; the setting of the cluster holds instead`,
        ],
      });
    }
  });

  it('are warned of when a request is above its limit', () => {
    const annotations = {
      'baas.openfunction.io/proxy-cpu-request': '2',
      'baas.openfunction.io/proxy-cpu-limit': '1',
    };
    const { problems, warnings } = validate(v1beta1({ annotations }));
    expect(problems).toEqual([]);
    expect(warnings).toHaveLength(2);
    for (const warning of warnings) {
      expect(warning).toContain('the request "2" is above the limit "1"');
    }
  });

  it('are warned of when they are no text, as YAML reads a number without quotes', () => {
    const annotations = { 'baas.openfunction.io/proxy-replicas': 2 };
    expect(validate(v1beta1({ annotations }))).toEqual({
      problems: [],
      warnings: [
        'spec.serving.annotations[baas.openfunction.io/proxy-replicas]: Invalid value: 2: must be a string; put it in quotes',
      ],
    });
  });

  it('are fine otherwise', () => {
    const annotations = {
      'baas.openfunction.io/proxy-replicas': 'unmanaged',
      'baas.openfunction.io/proxy-tolerations': '*',
      'baas.openfunction.io/proxy-labels': 'team=checkout',
    };
    expect(validate(v1beta1({ annotations }))).toEqual(fine);
  });
});

describe('what the Dapr proxy could not serve', () => {
  const withProtocol = (protocol: string, mode: string): Verdict =>
    validate(
      functionOf('v1beta2', {
        annotations: {
          [enableDapr]: 'true',
          [daprServiceMode]: mode,
          'dapr.io/app-protocol': protocol,
        },
      }),
    );

  it.each(['h2c', 'https', 'grpcs'])('the protocol %s is a warning', (protocol) => {
    expect(withProtocol(protocol, 'standalone')).toEqual({
      problems: [],
      warnings: [
        expect.stringMatching(
          `^spec\\.serving\\.annotations\\[dapr\\.io/app-protocol\\]: .* would not start with "${protocol}"`,
        ),
      ],
    });
  });

  it('those that it speaks are none, and neither are others in sidecar mode', () => {
    for (const protocol of ['grpc', 'http', 'HTTP', '']) {
      expect(withProtocol(protocol, 'standalone')).toEqual(fine);
    }
    expect(withProtocol('h2c', 'sidecar')).toEqual(fine);
  });

  it('a port of daprd is a warning where there is a daprd', () => {
    const withPort = (mode: string) =>
      validate(
        functionOf('v1beta2', {
          annotations: { [enableDapr]: mode },
          serving: { triggers: { http: { port: 3500 } } },
        }),
      ).warnings;
    expect(withPort('true')).toEqual([expect.stringContaining('3500 is a port of daprd')]);
    expect(withPort('false')).toEqual([]);
  });
});

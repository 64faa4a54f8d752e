import { afterEach, describe, expect, it, vi } from 'vitest';
import { readPlugins } from '../../../src/rules/context/plugins.ts';

const none = { pre: [], post: [], tracing: undefined };

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the plugins of a Function', () => {
  it('are none without annotations', () => {
    expect(readPlugins({})).toEqual(none);
  });

  it('run in their order before the function and backwards after it', () => {
    expect(readPlugins({ plugins: 'order:\n- a\n- b\n- c\n' })).toEqual({
      pre: ['a', 'b', 'c'],
      post: ['c', 'b', 'a'],
      tracing: undefined,
    });
  });

  it('are what pre and post say, over the order', () => {
    expect(readPlugins({ plugins: 'order: [a, b]\npre: [x]\npost: [y, z]' })).toMatchObject({
      pre: ['x'],
      post: ['y', 'z'],
    });
    expect(readPlugins({ plugins: 'order: [a, b]\npre: [x]' })).toMatchObject({
      pre: ['x'],
      post: ['b', 'a'],
    });
    expect(readPlugins({ plugins: 'post: [y]' })).toMatchObject({ pre: [], post: ['y'] });
  });

  it('have an enabled tracing provider innermost', () => {
    const annotations = {
      plugins: 'order: [a, b]',
      'plugins.tracing':
        'enabled: true\nprovider:\n  name: skywalking\n  oapServer: "oap:11800"\ntags:\n  layer: faas\n',
    };
    expect(readPlugins(annotations)).toEqual({
      pre: ['a', 'b', 'skywalking'],
      post: ['skywalking', 'b', 'a'],
      tracing: {
        enabled: true,
        provider: { name: 'skywalking', oapServer: 'oap:11800' },
        tags: { layer: 'faas' },
      },
    });
  });

  it('do not hold a tracing provider that is disabled', () => {
    const annotations = { 'plugins.tracing': 'enabled: false\nprovider: {name: skywalking}' };
    expect(readPlugins(annotations)).toMatchObject({ pre: [], post: [] });
    expect(readPlugins(annotations).tracing).toMatchObject({ enabled: false });
  });

  it('are none where the annotation cannot be read', () => {
    const unreadable = [
      ...['', ' ', 'text', '5', '[a, b]', '{', '"', 'a: b: c', '\t- x', '@'],
      ...['order: [a, b', 'enabled: true\nprovider: {name: x', 'order: [a]\norder: [b]'],
    ];
    for (const text of unreadable) {
      expect(readPlugins({ plugins: text, 'plugins.tracing': text })).toEqual(none);
    }
    for (const text of ['order: a', 'order: {a: b}', 'order: [1, null, {a: b}]', 'other: [a]']) {
      expect(readPlugins({ plugins: text })).toEqual(none);
    }
  });

  const oddities = [
    ['a circle', '&a {enabled: true, self: *a}'],
    ['a circle through a list', 'enabled: true\nprovider: &p\n  name: x\n  again: [*p]'],
    ['dates and bytes', '%YAML 1.1\n---\nenabled: true\nwhen: 2001-12-14\nb: !!binary aGVsbG8=\n'],
    ['sets', '%YAML 1.1\n---\nenabled: true\nset: !!set {a, b}\nordered: !!omap [a: 1]\n'],
    ['odd numbers', 'enabled: true\na: .nan\nb: .inf\nc: 123456789012345678901234567890'],
    ['a key that is a map', '? {a: b}\n: key\nenabled: true'],
    ['keys that objects inherit', '__proto__: {enabled: true}\nconstructor: x'],
    ['deep nesting', `enabled: true\ndeep: ${'['.repeat(5000)}${']'.repeat(5000)}`],
  ];

  it.each(oddities)('are JSON where the YAML holds %s', (_, text) => {
    const { tracing } = readPlugins({ 'plugins.tracing': text ?? '' });
    expect(() => JSON.stringify(tracing)).not.toThrow();
  });

  it('put no word of theirs on the standard error of the server', () => {
    const written = [
      vi.spyOn(process, 'emitWarning').mockReturnValue(),
      vi.spyOn(console, 'warn').mockReturnValue(),
      vi.spyOn(console, 'error').mockReturnValue(),
    ];
    for (const text of ['? {a: b}\n: key', '%UNKNOWN x\n---\na: b', 'a: !unknown b', '{']) {
      readPlugins({ plugins: text, 'plugins.tracing': text });
    }
    for (const spy of written) expect(spy).not.toHaveBeenCalled();
  });

  it('do not grow beyond what the annotation holds', () => {
    const laughs = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (const [index, name] of [...'bcdefghi'].entries()) {
      const before = 'abcdefgh'[index];
      laughs.push(`${name}: &${name} [${Array(9).fill(`*${before}`).join(', ')}]`);
    }
    const text = `enabled: true\n${laughs.join('\n')}`;
    const { tracing } = readPlugins({ 'plugins.tracing': text });
    expect((JSON.stringify(tracing) ?? '').length).toBeLessThan(100_000);
  });
});

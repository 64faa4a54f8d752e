import { describe, expect, it } from 'vitest';
import { noComponents } from '../../../src/rules/context/component-lookup.ts';
import { resolveComponent } from '../../../src/rules/context/component-names.ts';
import { component, lookupOf } from '../../support/components.ts';
import { modelOf, v1beta1, v1beta2 } from '../../support/functions.ts';

const serving = 'orders-serving-7xk2p';
const declaring = modelOf(
  v1beta1({
    serving: {
      bindings: { cron: { type: 'bindings.cron' } },
      pubsub: { kafka: { type: 'pubsub.kafka' } },
      states: { store: { type: 'state.redis' } },
    },
  }),
);
const notDeclaring = modelOf(v1beta1());

/** A Component as OpenFunction makes it for a Serving. */
function made(name: string, type: string, of = serving) {
  return component(name, type, { serving: of });
}

/** What an API server makes of a generateName: cut at 58, and five characters more. */
function generated(base: string, suffix = 'x7k2p'): string {
  return `${base.slice(0, 58)}${suffix}`;
}

describe('the real name of a component', () => {
  it('is that of the Component which OpenFunction up to 1.0 made for it', () => {
    for (const [name, type] of [
      ['cron', 'bindings.cron'],
      ['kafka', 'pubsub.kafka'],
      ['store', 'state.redis'],
    ] as const) {
      const real = generated(`${serving}-component-${name}-`);
      const components = lookupOf(made(real, type));
      expect(resolveComponent(declaring, name, undefined, [serving], components)).toEqual({
        name: real,
        type,
      });
    }
  });

  it('is that of the Component which OpenFunction from 1.1 on made for it', () => {
    for (const [name, type, kind] of [
      ['cron', 'bindings.cron', 'bindings'],
      ['kafka', 'pubsub.kafka', 'pubsub'],
      ['store', 'state.redis', 'state'],
    ] as const) {
      const real = generated(`${serving}-${kind}-${name}-`);
      const components = lookupOf(made(real, type));
      expect(resolveComponent(declaring, name, undefined, [serving], components)).toEqual({
        name: real,
        type,
      });
    }
  });

  it('is found where the API server has cut it at 58 characters', () => {
    const long = 'a-very-long-name-of-a-serving-that-fills-it';
    for (const kind of ['component', 'pubsub']) {
      for (const name of ['kafka', 'kafka-with-quite-a-long-name', 'k'.repeat(100)]) {
        const fn = modelOf(v1beta1({ serving: { pubsub: { [name]: { type: 'pubsub.kafka' } } } }));
        const real = generated(`${long}-${kind}-${name}-`);
        expect(real.length).toBeLessThanOrEqual(63);
        const components = lookupOf(made(real, 'pubsub.kafka', long));
        const resolved = resolveComponent(fn, name, undefined, [long], components);
        expect(resolved.name).toBe(real);
      }
    }
  });

  it('is told by the type where two names are cut to one', () => {
    const long = 's'.repeat(45);
    const fn = modelOf(
      v1beta1({
        serving: {
          bindings: { 'component-a': { type: 'bindings.cron' } },
          pubsub: { 'component-b': { type: 'pubsub.kafka' } },
        },
      }),
    );
    const cron = made(generated(`${long}-component-component-a-`, 'aaaaa'), 'bindings.cron', long);
    const kafka = made(generated(`${long}-component-component-b-`, 'bbbbb'), 'pubsub.kafka', long);
    const components = lookupOf(cron, kafka);
    expect(resolveComponent(fn, 'component-a', undefined, [long], components).name).toBe(cron.name);
    expect(resolveComponent(fn, 'component-b', undefined, [long], components).name).toBe(
      kafka.name,
    );
  });

  it('is not that of a Component made for another name, another Serving or by another hand', () => {
    const others = [
      made(`${serving}-component-kafka-two-x7k2p`, 'pubsub.kafka'),
      made(`${serving}-component-kafk-x7k2p`, 'pubsub.kafka'),
      made(`${serving}-component-kafka-x7k2p0`, 'pubsub.kafka'),
      made(`${serving}-component-kafka-`, 'pubsub.kafka'),
      made(`${serving}-kafka-x7k2p`, 'pubsub.kafka'),
      made('orders-serving-other-component-kafka-x7k2p', 'pubsub.kafka', 'orders-serving-other'),
      component(`${serving}-component-kafka-x7k2p`, 'pubsub.kafka'),
    ];
    for (const other of others) {
      const resolved = resolveComponent(declaring, 'kafka', undefined, [serving], lookupOf(other));
      expect(resolved).toEqual({ name: 'orders-kafka', type: 'pubsub.kafka' });
    }
  });

  it('is that of the preferred Serving while a Function has two', () => {
    const older = made('old-component-kafka-aaaaa', 'pubsub.kafka', 'old');
    const newer = made('new-component-kafka-bbbbb', 'pubsub.kafka', 'new');
    const components = lookupOf(older, newer);
    const nameFor = (servings: string[]) =>
      resolveComponent(declaring, 'kafka', undefined, servings, components).name;
    expect(nameFor(['old', 'new'])).toBe(older.name);
    expect(nameFor(['new', 'old'])).toBe(newer.name);
    expect(nameFor(['newest', 'new'])).toBe(newer.name);
  });

  it('is that of the Component which this project makes, where OpenFunction made none', () => {
    for (const name of ['cron', 'kafka', 'store']) {
      expect(resolveComponent(declaring, name, undefined, [], noComponents).name).toBe(
        `orders-${name}`,
      );
      const sameName = lookupOf(component(name, 'pubsub.kafka'));
      expect(resolveComponent(declaring, name, undefined, [serving], sameName).name).toBe(
        `orders-${name}`,
      );
    }
  });

  it('is the name as written, where the Component existed before', () => {
    const components = lookupOf(component('kafka', 'pubsub.kafka'));
    expect(resolveComponent(notDeclaring, 'kafka', undefined, [serving], components)).toEqual({
      name: 'kafka',
      type: 'pubsub.kafka',
    });
  });

  it('is the name as written, where nobody knows it yet', () => {
    expect(resolveComponent(notDeclaring, 'kafka', undefined, [], noComponents)).toEqual({
      name: 'kafka',
      type: '',
    });
  });
});

describe('the type of a component', () => {
  it('is what the Function states beside the name, before all', () => {
    const components = lookupOf(component('kafka', 'bindings.kafka'));
    for (const fn of [declaring, notDeclaring]) {
      expect(resolveComponent(fn, 'kafka', 'pubsub.redis', [], components).type).toBe(
        'pubsub.redis',
      );
    }
  });

  it('is what the Function declares, before what exists', () => {
    const components = lookupOf(component('kafka', 'bindings.kafka'));
    expect(resolveComponent(declaring, 'kafka', undefined, [], components).type).toBe(
      'pubsub.kafka',
    );
  });

  it("is that of OpenFunction's own Component where nothing else tells", () => {
    const fn = modelOf(v1beta2());
    const real = made(`${serving}-pubsub-kafka-x7k2p`, 'pubsub.kafka');
    expect(resolveComponent(fn, 'kafka', undefined, [serving], lookupOf(real))).toEqual({
      name: real.name,
      type: 'pubsub.kafka',
    });
  });
});

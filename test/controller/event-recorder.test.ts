import { describe, expect, it } from 'vitest';
import { EventRecorder } from '../../src/controller/event-recorder.ts';
import type { FunctionEvent } from '../../src/controller/function-event.ts';
import type { Notice } from '../../src/rules/reconcile/notice.ts';
import { functionInMode } from '../support/functions.ts';
import { titlesOf, toldEvents } from './told-events.ts';

const orders = functionInMode('standalone', { metadata: { uid: 'u-1' } });

function notice(note: string, members: Partial<Notice> = {}): Notice {
  return { reason: 'NameTaken', type: 'Warning', note, ...members };
}

/** Lets a recorder write what it has. */
async function flush(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

function notesOf(events: readonly FunctionEvent[]): string[] {
  return events.map((event) => event.notice.note);
}

describe('what holds', () => {
  it('is told once, however often it is found', async () => {
    const { recorder, written } = toldEvents();
    for (let round = 0; round < 5; round += 1) recorder.holds(orders, [notice('a'), notice('b')]);
    await flush();
    expect(notesOf(written)).toEqual(['a', 'b']);
    expect(written[0]).toMatchObject({ fn: orders, times: 1 });
  });

  it('is told once also where it is found twice at a time', async () => {
    const { recorder, written } = toldEvents();
    recorder.holds(orders, [notice('a'), notice('a')]);
    await flush();
    expect(notesOf(written)).toEqual(['a']);
  });

  it('is told again, as another time, when it had ceased to hold', async () => {
    const { recorder, written } = toldEvents();
    for (let round = 0; round < 3; round += 1) {
      recorder.holds(orders, [notice('a')]);
      recorder.holds(orders, []);
    }
    await flush();
    expect(written.map(({ times }) => times)).toEqual([1, 2, 3]);
    expect(new Set(written.map(({ identity }) => identity)).size).toBe(1);
  });

  it('goes on holding where not everything could be looked at', async () => {
    const { recorder, written } = toldEvents();
    recorder.holds(orders, [notice('a')]);
    recorder.holds(orders, [notice('b')], false);
    recorder.holds(orders, [notice('a'), notice('b')]);
    await flush();
    expect(titlesOf(written)).toEqual(['NameTaken', 'NameTaken']);
    recorder.holds(orders, [notice('b')]);
    recorder.holds(orders, [notice('a'), notice('b')]);
    await flush();
    expect(titlesOf(written).slice(2)).toEqual(['NameTaken x2']);
  });

  it('is the same news where its notice says so, whatever its note counts', async () => {
    const { recorder, written } = toldEvents();
    recorder.holds(orders, [notice('1 pod', { sameAs: 'pods' })]);
    recorder.holds(orders, [notice('2 pods', { sameAs: 'pods' })]);
    await flush();
    expect(notesOf(written)).toEqual(['1 pod']);
    recorder.holds(orders, []);
    recorder.holds(orders, [notice('3 pods', { sameAs: 'pods' })]);
    await flush();
    expect(written.map(({ notice: { note }, times }) => [note, times])).toEqual([
      ['1 pod', 1],
      ['3 pods', 2],
    ]);
  });

  it('for one Function says nothing about another, nor about one made anew under its name', async () => {
    const { recorder, written } = toldEvents();
    const others = ['u-2', 'u-3'].map((uid) => functionInMode('standalone', { metadata: { uid } }));
    for (const fn of [orders, ...others, orders]) recorder.holds(fn, [notice('a')]);
    await flush();
    expect(written.map(({ fn }) => fn.uid)).toEqual(['u-1', 'u-2', 'u-3']);
    expect(new Set(written.map(({ identity }) => identity)).size).toBe(3);
  });

  it('of a Function that is gone is forgotten', async () => {
    const { recorder, written } = toldEvents();
    recorder.holds(orders, [notice('a')]);
    recorder.forget('u-1');
    recorder.holds(orders, [notice('a')]);
    await flush();
    expect(written).toHaveLength(2);
  });
});

describe('what happened', () => {
  it('is told each time, and counted where it is the same thing', async () => {
    const { recorder, written } = toldEvents();
    recorder.happened(orders, notice('made', { reason: 'ProxyCreated' }), 'd-1');
    recorder.happened(orders, notice('made', { reason: 'ProxyCreated' }), 'd-2');
    recorder.happened(orders, notice('made', { reason: 'ProxyCreated' }), 'd-1');
    await flush();
    expect(titlesOf(written)).toEqual(['ProxyCreated', 'ProxyCreated', 'ProxyCreated x2']);
  });

  it('does not count as holding', async () => {
    const { recorder, written } = toldEvents();
    recorder.happened(orders, notice('a'), '');
    recorder.holds(orders, [notice('a')]);
    await flush();
    expect(titlesOf(written)).toEqual(['NameTaken', 'NameTaken x2']);
  });
});

describe('the identity of an Event', () => {
  it('is the same whichever process tells it', async () => {
    const identities: string[] = [];
    for (let process = 0; process < 2; process += 1) {
      const { recorder, written } = toldEvents();
      recorder.holds(orders, [notice('a')]);
      await flush();
      identities.push(...written.map(({ identity }) => identity));
    }
    expect(identities[0]).toBe(identities[1]);
  });

  it('differs with what is told', async () => {
    const { recorder, written } = toldEvents();
    recorder.holds(orders, [notice('a'), notice('b'), notice('a', { reason: 'ModeChanged' })]);
    recorder.happened(orders, notice('a'), 'an object');
    await flush();
    expect(new Set(written.map(({ identity }) => identity)).size).toBe(4);
  });
});

describe('Events that are to be written', () => {
  it('are written one after another, in the order in which they came', async () => {
    const { promise: written, resolve: end } = Promise.withResolvers<void>();
    let underWay = 0;
    let most = 0;
    const told = toldEvents(async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await written;
      underWay -= 1;
      return undefined;
    });
    told.recorder.holds(orders, [notice('a'), notice('b'), notice('c')]);
    await flush();
    expect(notesOf(told.written)).toEqual(['a']);
    end();
    await flush();
    expect(notesOf(told.written)).toEqual(['a', 'b', 'c']);
    expect(most).toBe(1);
  });

  it('wait for the recorder to run', async () => {
    const written: FunctionEvent[] = [];
    const recorder = new EventRecorder(async (event) => {
      written.push(event);
      return undefined;
    });
    recorder.holds(orders, [notice('a')]);
    await flush();
    expect(written).toEqual([]);
    const stop = new AbortController();
    const run = recorder.run(stop.signal);
    await flush();
    expect(notesOf(written)).toEqual(['a']);
    stop.abort();
    await run;
  });

  it('are no longer written once it stops, also where it stops while it writes', async () => {
    const told = toldEvents(async () => {
      told.stop();
      return undefined;
    });
    told.recorder.holds(orders, [notice('a'), notice('b')]);
    await told.over();
    told.recorder.holds(orders, [notice('c')]);
    await flush();
    expect(notesOf(told.written)).toEqual(['a']);
  });

  it('are not waited for where there are none: it stops at once', async () => {
    const idle = toldEvents();
    idle.stop();
    await expect(idle.over()).resolves.toBeUndefined();
    const stopped = new EventRecorder(async () => undefined);
    await expect(stopped.run(AbortSignal.abort())).resolves.toBeUndefined();
  });

  it('are dropped rather than piled up without end where they cannot be written', async () => {
    const written: FunctionEvent[] = [];
    const recorder = new EventRecorder(async (event) => {
      written.push(event);
      return undefined;
    });
    for (let index = 0; index < 10_050; index += 1) {
      recorder.happened(orders, notice(`note ${index}`), '');
    }
    const stop = new AbortController();
    const run = recorder.run(stop.signal);
    await flush();
    stop.abort();
    await run;
    expect(written).toHaveLength(10_000);
    expect(written.at(-1)?.notice.note).toBe('note 9999');
  });
});

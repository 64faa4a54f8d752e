import { beforeEach, describe, expect, test } from 'vitest';
import type { ApiError } from '../../../src/adapters/kubernetes/api-error.ts';
import { eventWriter } from '../../../src/adapters/kubernetes/event-writer.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import type { EventWriter, FunctionEvent } from '../../../src/controller/function-event.ts';
import type { Notice } from '../../../src/rules/reconcile/notice.ts';
import { functionOf, modelOf } from '../../support/functions.ts';
import type { FakeApiServer } from './fake-api-server.ts';
import { startFakeCluster } from './fake-cluster.ts';
import { type Mishap, status } from './mishap.ts';
import { until } from './until.ts';

const signal = new AbortController().signal;
const fn = modelOf(functionOf('v1beta2', { metadata: { uid: 'function-uid' } }));

let server: FakeApiServer;
let write: EventWriter;
let errors: ApiError[];
let counted: string[];
let date: Date;

beforeEach(async () => {
  const { server: started, connection } = await startFakeCluster();
  server = started;
  errors = [];
  counted = [];
  date = new Date('2026-02-03T04:05:06.789Z');
  write = eventWriter({
    connection,
    instance: 'pod-a_1',
    onError: (error) => errors.push(error),
    onRequest: (verb) => counted.push(verb),
    date: () => date,
  });
});

function event(parts: Partial<FunctionEvent> = {}, notice: Partial<Notice> = {}): FunctionEvent {
  return {
    fn,
    notice: { reason: 'NameTaken', type: 'Warning', note: 'Somebody has it.', ...notice },
    identity: 'function-uid NameTaken',
    times: 1,
    ...parts,
  };
}

/** The Events there are. */
function told(): (JsonObject | undefined)[] {
  return server.names('events').map((key) => {
    const [namespace = '', name = ''] = key.split('/');
    return server.get('events', namespace, name);
  });
}

describe('an Event', () => {
  test('is on the Function, in its namespace, and says who reports it and when', async () => {
    await write(event(), signal);
    expect(told()).toMatchObject([
      {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { namespace: 'shop', name: expect.stringMatching(/^orders\.[0-9a-f]{16}$/) },
        eventTime: '2026-02-03T04:05:06.789000Z',
        reportingController: 'openfunction-dapr-webhook',
        reportingInstance: 'pod-a_1',
        action: 'Reconcile',
        reason: 'NameTaken',
        type: 'Warning',
        note: 'Somebody has it.',
        regarding: {
          apiVersion: 'core.openfunction.io/v1beta2',
          kind: 'Function',
          name: 'orders',
          namespace: 'shop',
          uid: 'function-uid',
        },
      },
    ]);
    expect(told()[0]).not.toHaveProperty('series');
    expect(counted).toEqual(['create']);
  });

  test('has the same name whoever says it, and another one when it says something else', async () => {
    await write(event(), signal);
    await write(event({}, { note: 'Somebody else has it.' }), signal);
    await write(event({ identity: 'function-uid NameTaken of another' }), signal);
    expect(server.names('events')).toHaveLength(2);
  });

  test('has a name that can be one, however long that of the Function is', async () => {
    const long = modelOf(functionOf('v1beta2', { name: 'x'.repeat(253) }));
    await write(event({ fn: long }), signal);
    expect(server.names('events')[0]).toMatch(/^shop\/x{236}\.[0-9a-f]{16}$/);
  });

  test('is cut at 1,024 bytes, which is how API servers count characters', async () => {
    await write(event({}, { note: 'é'.repeat(1_000) }), signal);
    expect(errors).toEqual([]);
    const note = String(told()[0]?.['note']);
    expect(note).toMatch(/^é+…$/);
    expect(Buffer.byteLength(note)).toBe(1_023);
  });

  test('of just 1,024 bytes is left whole', async () => {
    await write(event({}, { note: 'x'.repeat(1_024) }), signal);
    expect(told()).toMatchObject([{ note: 'x'.repeat(1_024) }]);
  });
});

describe('what was said before', () => {
  test('by the process before this one is not said again', async () => {
    await write(event(), signal);
    date = new Date('2026-02-03T05:00:00Z');
    await write(event(), signal);
    expect(told()).toMatchObject([{ eventTime: '2026-02-03T04:05:06.789000Z' }]);
    expect(server.writes).toHaveLength(1);
    expect([counted, errors]).toEqual([['create'], []]);
  });

  test('and is so again counts up a series', async () => {
    await write(event(), signal);
    date = new Date('2026-02-03T05:00:00Z');
    await write(event({ times: 2 }), signal);
    expect(told()).toMatchObject([
      {
        eventTime: '2026-02-03T04:05:06.789000Z',
        series: { count: 2, lastObservedTime: '2026-02-03T05:00:00.000000Z' },
      },
    ]);
    expect(counted).toEqual(['create', 'patch']);
  });

  test('with other names in its note counts up a series, too: API servers let no note change', async () => {
    await write(event({}, { note: 'Not admitted: a' }), signal);
    await write(event({ times: 2 }, { note: 'Not admitted: a, b' }), signal);
    expect(errors).toEqual([]);
    expect(told()).toMatchObject([{ note: 'Not admitted: a', series: { count: 2 } }]);
  });

  test('and was forgotten by the API server since is said anew', async () => {
    await write(event({ times: 7 }), signal);
    expect(told()).toHaveLength(1);
    expect(told()[0]).not.toHaveProperty('series');
  });
});

describe('trouble', () => {
  test('is told, and not thrown: no reconcile fails for it', async () => {
    const refusal =
      'events.events.k8s.io is forbidden: User "x" cannot create resource "events" in API group "events.k8s.io" in the namespace "shop"';
    server.intercept = () => status(403, 'Forbidden', refusal);
    await write(event(), signal);
    expect(errors.map(({ message }) => message)).toEqual([
      'Cannot create events.events.k8s.io in namespace "shop"; a Role has to grant "create" ' +
        `on "events" of API group "events.k8s.io": 403 ${refusal}`,
    ]);
    expect(counted).toEqual([]);
  });

  test.each<[what: string, mishap: Mishap, isOutage: boolean]>([
    ['the connection is cut', 'reset', true],
    ['the API server ends', status(503, 'ServiceUnavailable', 'shutting down'), false],
    ['something in it fails', status(500, 'InternalError', 'etcd is away'), false],
    ['it is busy', status(429, 'TooManyRequests', 'too many requests'), false],
    ['it takes the token for wrong', status(401, 'Unauthorized', 'Unauthorized'), false],
  ])(
    'may be over soon where %s: then the Event is written after all, once',
    async (_what, mishap, isOutage) => {
      server.intercept = () => mishap;
      expect(await write(event(), signal)).toEqual({ isOutage, leastPauseMs: 0 });
      expect(errors).toHaveLength(1);
      server.intercept = () => undefined;
      expect(await write(event(), signal)).toBeUndefined();
      expect(await write(event(), signal)).toBeUndefined();
      expect(told()).toHaveLength(1);
    },
  );

  test('is waited out for as long as the API server asks for', async () => {
    const busy = { kind: 'Status', code: 429, message: 'busy', details: { retryAfterSeconds: 3 } };
    server.intercept = () => ({ status: 429, body: busy });
    expect(await write(event(), signal)).toMatchObject({ leastPauseMs: 3_000 });
  });

  test.each([
    status(403, 'Forbidden', 'User "x" cannot create resource "events"'),
    status(422, 'Invalid', 'note: Too long'),
    status(404, 'NotFound', 'namespaces "shop" not found'),
  ])('that lasts is not run into again: %j', async (refusal) => {
    server.intercept = () => refusal;
    expect(await write(event(), signal)).toBeUndefined();
  });

  test('with counting up says so', async () => {
    await write(event(), signal);
    server.intercept = ({ verb }) =>
      verb === 'patch' ? status(500, 'InternalError', 'etcd is away') : undefined;
    await write(event({ times: 2 }), signal);
    expect(errors.map(({ message }) => message)).toEqual([
      'Cannot patch events.events.k8s.io in namespace "shop": 500 etcd is away',
    ]);
  });

  test.each([
    [
      'being terminated',
      status(
        403,
        'Forbidden',
        'events.events.k8s.io "x" is forbidden: unable to create new content in namespace shop because it is being terminated',
      ),
    ],
    ['gone', status(404, 'NotFound', 'namespaces "shop" not found')],
  ])('is none in a namespace that is %s', async (_what, refusal) => {
    server.intercept = () => refusal;
    await write(event(), signal);
    expect(errors).toEqual([]);
  });

  test('is none when whoever wanted it written gives up', async () => {
    server.intercept = () => 'hang';
    const giveUp = new AbortController();
    const writing = write(event(), giveUp.signal);
    await until(() => expect(server.requests).toHaveLength(1));
    giveUp.abort();
    await writing;
    expect(errors).toEqual([]);
  });
});

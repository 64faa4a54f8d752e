import { afterAll, beforeAll, expect, it } from 'vitest';
import { countAllIds, countIds } from '../../../support/dapr/function-pod.ts';
import { component, retriesOf, subscription } from '../../harness/dapr-resources.ts';
import { DataPlane } from '../../harness/data-plane.ts';
import { eventually } from '../../harness/eventually.ts';

const topics = [
  ['bus', 'orders'],
  ['bus', 'refunds/EU'],
  ['bus', 'given-up'],
] as const;

/** A few for each pod, whichever it is. */
const eventCount = 40;

/** What a real daprd hands to a proxy reaches a function that uses Dapr's own SDK. */
export function realDaprdSuite(program: () => string, protocol: 'grpc' | 'http'): void {
  let plane: DataPlane;

  beforeAll(async () => {
    plane = await DataPlane.start({
      program: program(),
      protocol,
      resources: [
        component('bus', 'pubsub.in-memory'),
        component('tick', 'bindings.cron', { schedule: '@every 1s' }),
        // With it the body of an event comes without its length.
        retriesOf('tick'),
        component('somebody-elses', 'bindings.cron', { schedule: '@every 1s' }),
        // As a user of the SDK has to write them: these are its routes.
        subscription('bus', 'parcels', '/bus--parcels--default', {
          // The in-memory broker waits for each event, so that each bulk has one.
          bulkSubscribe: { enabled: true, maxMessagesCount: 10, maxAwaitDurationMs: 10 },
        }),
        subscription('bus', 'poison', '/bus--poison--default', { deadLetterTopic: 'given-up' }),
      ],
      inputs: { topics, bindings: ['tick'] },
      // Nothing comes in without the one, and nothing at all when the other fails.
      token: 'shown with every call that has to',
      flags: ['--enable-app-health-check'],
      functions: {
        topics: [...topics, ['bus', 'poison']],
        bulkTopics: [['bus', 'parcels']],
        methods: ['hello'],
      },
    });
  });

  afterAll(() => plane?.stop());

  /** Publishes events, and looks that each gets to a pod, once. */
  async function bring(topic: string): Promise<void> {
    const ids = Array.from({ length: eventCount }, (_, index) => `${topic} ${index}`);
    await Promise.all(ids.map((id) => plane.daprd.publish('bus', topic, { id })));
    const once = new Map(ids.map((id) => [id, 1]));
    await eventually(async () => expect(countIds(plane.pods, `bus/${topic}`)).toEqual(once));
    for (const { records } of plane.pods) {
      expect(records.some(({ input }) => input === `bus/${topic}`)).toBe(true);
    }
  }

  it('brings events of a topic, to both pods', () => bring('orders'));

  it('brings events of another topic of the same component', () => bring('refunds/EU'));

  it('brings events in bulk', () => bring('parcels'));

  it.each(['DROP', 'RETRY'] as const)(
    'sends what a pod answers with %s to the dead letter topic',
    async (answer) => {
      await plane.daprd.publish('bus', 'poison', { id: answer, answer });
      await eventually(async () => {
        expect(countIds(plane.pods, 'bus/given-up').get(answer)).toBe(1);
      });
      expect((await countAllIds(plane.pods, 'bus/poison')).get(answer)).toBe(1);
    },
  );

  it('brings what a clock triggers, and only what is its own', async () => {
    const ticks = () => plane.pods.flatMap(({ records }) => records.filter(isTick)).length;
    const before = ticks();
    await eventually(async () => expect(ticks()).toBeGreaterThan(before + 1));
    expect(plane.daprd.output).toContain('app has not subscribed to binding somebody-elses');
  });

  it('brings calls of its methods, many at once', async () => {
    const ids = Array.from({ length: 100 }, (_, index) => `caller ${index}`);
    const answers = await Promise.all(ids.map((id) => plane.daprd.invoke('hello', { id })));
    expect(answers).toEqual(ids.map((id) => ({ method: 'hello', id })));
    expect(await countAllIds(plane.pods, 'hello')).toEqual(new Map(ids.map((id) => [id, 1])));
  });

  it('brings an event that is nearly as large as daprd takes one', async () => {
    const padding = 'x'.repeat(4 * 1024 * 1024 - 4096);
    await plane.daprd.publish('bus', 'orders', { id: 'large', padding });
    await eventually(async () => {
      expect(countIds(plane.pods, 'bus/orders').get('large')).toBe(1);
    });
  });
}

function isTick({ input }: { input: string }): boolean {
  return input === 'tick';
}

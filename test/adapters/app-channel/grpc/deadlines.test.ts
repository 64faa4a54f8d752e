import { connect, constants } from 'node:http2';
import { describe, expect, it, onTestFinished } from 'vitest';
import { frameMessage } from '../../../../src/adapters/app-channel/grpc/framing.ts';
import { startChannel } from './support/channel.ts';
import { topicEventPath } from './support/daprd.ts';
import { topicEvent } from './support/messages.ts';
import { Pod } from './support/pod.ts';

/** Sends an event with a deadline to which it does not hold itself, as gRPC's own clients do. */
async function callWithTimeout(port: number, timeout: string): Promise<Record<string, unknown>> {
  const session = connect(`http://127.0.0.1:${port}`);
  onTestFinished(() => session.destroy());
  const stream = session.request({
    ':method': 'POST',
    ':path': topicEventPath,
    'content-type': 'application/grpc',
    'grpc-timeout': timeout,
  });
  stream.end(frameMessage(topicEvent('a')));
  stream.resume();
  return new Promise((resolve) => {
    stream.on('response', (headers) => resolve(headers));
  });
}

describe('a deadline', () => {
  it('is enforced while a pod works', async () => {
    const cancelled = Promise.withResolvers<void>();
    const pod = await Pod.start({
      unary: {
        [topicEventPath]: async (_request, call) => {
          call.on('cancelled', () => cancelled.resolve());
          await cancelled.promise;
          return Buffer.alloc(0);
        },
      },
    });
    const { port } = await startChannel({ endpoints: [pod.endpoint] });
    expect(await callWithTimeout(port, '50m')).toMatchObject({
      'grpc-status': '4',
      'grpc-message': 'the deadline passed',
    });
    await cancelled.promise;
  });

  it('is enforced while an event waits', async () => {
    const { port, observed } = await startChannel();
    expect(await callWithTimeout(port, '20000u')).toMatchObject({ 'grpc-status': '4' });
    expect(observed.ended).toEqual([{ input: 'bus', outcome: 'cancelled' }]);
  });

  it('longer than any timer is none that has passed', async () => {
    const { port } = await startChannel({ waitMaxMs: 20 });
    const headers = await callWithTimeout(port, '99999999H');
    expect(headers['grpc-status']).toBe('14');
    expect(constants.HTTP_STATUS_OK).toBe(headers[':status']);
  });
});

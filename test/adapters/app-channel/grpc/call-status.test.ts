import { describe, expect, it } from 'vitest';
import { statusWithoutAnswer } from '../../../../src/adapters/app-channel/grpc/call-status.ts';
import { StatusCode } from '../../../../src/adapters/app-channel/grpc/status.ts';

const endpoint = { host: '10.0.0.1', port: 8080, name: '10.0.0.1:8080' };
const lost = { result: 'lost', cause: 'reset', endpoint } as const;
const waiting = { isOverdue: false };
const overdue = { isOverdue: true };

describe('a call that no pod answered', () => {
  it('is to come again, and daprd is told why', () => {
    expect(statusWithoutAnswer(lost, waiting)).toEqual({
      code: StatusCode.unavailable,
      message: 'pod 10.0.0.1:8080 did not answer: reset',
    });
    for (const why of ['full', 'waited', 'nowhere', 'stopping'] as const) {
      const status = statusWithoutAnswer({ result: 'refused', why }, waiting);
      expect(status?.code).toBe(StatusCode.unavailable);
      expect(status?.message).toMatch(/^.{10,}$/);
    }
  });

  it('ended at its deadline, also where the pod broke off before we did', () => {
    const passed = { code: StatusCode.deadlineExceeded, message: 'the deadline passed' };
    expect(statusWithoutAnswer({ result: 'cancelled' }, overdue)).toEqual(passed);
    expect(statusWithoutAnswer(lost, overdue)).toEqual(passed);
  });

  it('needs no word to a caller that has gone', () => {
    expect(statusWithoutAnswer({ result: 'cancelled' }, waiting)).toBeUndefined();
  });
});

import { describe, expect, it, onTestFinished } from 'vitest';
import { buildAdmissionServer } from '../../../src/adapters/http/admission-server.ts';
import { createLogger } from '../../../src/adapters/log.ts';
import { Metrics } from '../../../src/adapters/metrics.ts';
import type { Reviewer } from '../../../src/admission/review-outcome.ts';

const review = {
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: { uid: 'u', operation: 'CREATE', kind: { kind: 'Pod' } },
};

function serverWith(reviewer: Reviewer) {
  const lines: string[] = [];
  const metrics = new Metrics();
  const app = buildAdmissionServer({
    log: createLogger('info', { write: (line) => lines.push(line) }),
    metrics,
    endpoints: [{ path: '/mutate/pods', webhook: 'mutate', resource: 'pods', review: reviewer }],
  });
  onTestFinished(() => app.close());
  return { app, lines, metrics };
}

describe('the admission server', () => {
  it('answers an internal error with 500 and an id that the log has, and with nothing else', async () => {
    const { app, lines, metrics } = serverWith(async () => {
      throw new Error('the inside of it');
    });
    const answer = await app.inject({ method: 'POST', url: '/mutate/pods', payload: review });
    expect(answer.statusCode).toBe(500);
    const body = answer.json();
    expect(body).toEqual({
      error: 'internal error; the log has more under this id',
      code: 'internal',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    const logged = lines.map((line) => JSON.parse(line));
    expect(logged).toEqual([
      expect.objectContaining({ level: 'error', id: body.id, path: '/mutate/pods' }),
    ]);
    expect(logged[0].err.message).toBe('the inside of it');
    expect(await metrics.registry.metrics()).toContain(
      'baas_admission_errors_total{code="internal"} 1',
    );
  });

  it('cuts names that no Kubernetes object could have before it logs them', async () => {
    const { app, lines } = serverWith(async () => ({
      answer: { patch: [], warnings: [] },
      outcome: 'unchanged',
    }));
    const name = 'x'.repeat(100_000);
    await app.inject({
      method: 'POST',
      url: '/mutate/pods',
      payload: { ...review, request: { ...review.request, uid: name, name, namespace: name } },
    });
    expect(lines).toHaveLength(1);
    expect(lines[0]?.length).toBeLessThan(2000);
  });

  it('answers in ASCII, whatever a user wrote', async () => {
    const written = 'caf\u00e9, \u30af\u30e9\u30b9\u30bf, \ud83d\ude00, "quoted"\n';
    const { app } = serverWith(async () => ({
      answer: {
        patch: [{ op: 'add', path: '/a', value: written }],
        warnings: [written],
        denial: {
          ...{ code: 422, reason: 'Invalid', message: written },
          details: { name: written, group: 'g', kind: 'k', causes: [] },
        },
      },
      outcome: 'denied',
    }));
    const payload = { ...review, request: { ...review.request, uid: written } };
    const answer = await app.inject({ method: 'POST', url: '/mutate/pods', payload });
    expect(answer.rawPayload.every((byte) => byte < 0x80)).toBe(true);
    expect(answer.headers['content-length']).toBe(String(answer.rawPayload.length));
    const { uid, warnings, status, patch } = answer.json().response;
    expect({ uid, warnings, message: status.message, name: status.details.name }).toEqual({
      ...{ uid: written, warnings: [written], message: written, name: written },
    });
    expect(JSON.parse(Buffer.from(patch, 'base64').toString())).toEqual([
      { op: 'add', path: '/a', value: written },
    ]);
  });

  it('asks for the end of a connection that it answers while it closes', async () => {
    let answer: () => void = () => undefined;
    let asked: () => void = () => undefined;
    const isAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const { app } = serverWith(async () => {
      asked();
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return { answer: { patch: [], warnings: [] }, outcome: 'unchanged' };
    });
    const isClosing = new Promise<void>((resolve) => {
      app.addHook('preClose', (done) => {
        resolve();
        done();
      });
    });
    const answered = app.inject({ method: 'POST', url: '/mutate/pods', payload: review });
    await isAsked;
    const closed = app.close();
    await isClosing;
    answer();
    const { statusCode, headers } = await answered;
    expect({ statusCode, connection: headers['connection'] }).toEqual({
      ...{ statusCode: 200, connection: 'close' },
    });
    await closed;
  });

  it('keeps warnings within what API servers pass on', async () => {
    const { app } = serverWith(async () => ({
      answer: { patch: [], warnings: Array.from({ length: 40 }, () => 'w'.repeat(1000)) },
      outcome: 'unchanged',
    }));
    const answer = await app.inject({ method: 'POST', url: '/mutate/pods', payload: review });
    const { warnings } = answer.json().response;
    expect(warnings).toHaveLength(16);
    expect(warnings[0]).toBe(`${'w'.repeat(253)}...`);
  });
});

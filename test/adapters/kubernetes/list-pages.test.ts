import { beforeEach, expect, test } from 'vitest';
import type { KubernetesConnection } from '../../../src/adapters/kubernetes/kubernetes-connection.ts';
import { listPages, type Page } from '../../../src/adapters/kubernetes/list-pages.ts';
import { pick } from '../../support/json.ts';
import type { FakeApiServer } from './fake-api-server.ts';
import { startFakeCluster } from './fake-cluster.ts';

const path = '/api/v1/pods';
const signal = new AbortController().signal;

let server: FakeApiServer;
let connection: KubernetesConnection;

beforeEach(async () => {
  ({ server, connection } = await startFakeCluster());
});

async function pagesOf(query: Record<string, string> = {}): Promise<Page[]> {
  const pages: Page[] = [];
  for await (const page of listPages(connection, path, { query, signal })) pages.push(page);
  return pages;
}

function names(pages: readonly Page[]): unknown[] {
  return pages.flatMap(({ objects }) => objects.map((object) => pick(object, 'metadata', 'name')));
}

test('a list comes in pages, each with where a watch may begin', async () => {
  for (let index = 0; index < 140; index += 1) server.put('pods', 'demo', `p${index}`);
  const pages = await pagesOf();
  expect(pages.map(({ objects }) => objects.length)).toEqual([100, 40]);
  expect(pages.map(({ version }) => version)).toEqual(['240', '240']);
  expect(new Set(names(pages)).size).toBe(140);
});

test('a selection goes along with every page', async () => {
  for (let index = 0; index < 140; index += 1) {
    const labels = index % 7 === 0 ? {} : { app: 'orders' };
    server.put('pods', 'demo', `p${index}`, { metadata: { labels } });
  }
  const pages = await pagesOf({ labelSelector: 'app=orders' });
  expect(names(pages)).toHaveLength(120);
  expect(server.seen('list', 'pods').map(({ query }) => query.get('labelSelector'))).toEqual([
    'app=orders',
    'app=orders',
  ]);
});

test('an empty list of metadata, whose items are null, is a list', async () => {
  server.intercept = () => ({
    status: 200,
    body: { metadata: { resourceVersion: '5' }, items: null },
  });
  expect(await pagesOf()).toEqual([{ objects: [], version: '5' }]);
});

test('whatever is no list is an error', async () => {
  for (const body of [{}, { items: [] }, { metadata: { resourceVersion: '5' }, items: {} }]) {
    server.intercept = () => ({ status: 200, body });
    await expect(pagesOf()).rejects.toMatchObject({
      kind: 'malformed',
      message: 'the answer is no list',
    });
  }
});

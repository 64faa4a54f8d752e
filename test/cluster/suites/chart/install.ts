import { afterEach, describe, expect, it } from 'vitest';
import { at, type JsonObject } from '../../../../src/api/json.ts';
import { installManifestPath } from '../../../manifests/render/install-manifest.ts';
import { installObjects, titleOf } from '../../../support/install-manifest.ts';
import { listAt, pick } from '../../../support/json.ts';
import { eventually } from '../../harness/eventually.ts';
import type { ChartWorld } from './chart-world.ts';

const name = 'openfunction-dapr-webhook';
const configurations = 'mutatingwebhookconfigurations,validatingwebhookconfigurations';

/** manifests/install.yaml on a real API server. */
export function installSuite(world: () => ChartWorld): void {
  const kubectl = (...args: string[]) => world().kubectl.run(args);

  /** What is there of the objects that are installed, and what is to be said of it. */
  async function lookFor<Answer>(say: (live: JsonObject) => Answer): Promise<[string, Answer][]> {
    const found: [string, Answer][] = [];
    for (const object of installObjects()) {
      const { code, stdout } = await world().kubectl.try(
        ['get', '-f', '-', '-o', 'json'],
        [object],
      );
      if (code === 0) found.push([titleOf(object), say(JSON.parse(stdout))]);
    }
    return found;
  }

  const present = async (): Promise<string[]> =>
    (await lookFor(() => undefined)).map(([title]) => title);

  /** Generations, since others write the status of a Deployment. */
  const storedVersions = () =>
    lookFor(
      (live) => at(live, 'metadata', 'generation') ?? at(live, 'metadata', 'resourceVersion'),
    );

  afterEach(async () => {
    await world().clean();
  });

  describe('kubectl apply', () => {
    it('is accepted by an API server, without a warning', async () => {
      const namespaceObject = installObjects().filter(({ kind }) => kind === 'Namespace');
      await world().kubectl.run(['apply', '-f', '-'], namespaceObject);
      const output = await kubectl('apply', '--dry-run=server', '-f', installManifestPath);
      const lines = output.trim().split('\n');
      expect(lines).toHaveLength(installObjects().length);
      for (const line of lines) expect(line).toMatch(/ (created|unchanged) \(server dry run\)$/);
    });

    it('makes everything, and the second time changes nothing', async () => {
      await kubectl('apply', '-f', installManifestPath);
      expect(await present()).toEqual(installObjects().map(titleOf));
      // kubectl calls a budget configured whenever it has a selector; what counts is what is stored.
      const before = await storedVersions();
      await kubectl('apply', '-f', installManifestPath);
      expect(await storedVersions()).toEqual(before);
    });

    it('makes pods that the restricted Pod Security Standard lets in', async () => {
      await kubectl('apply', '-f', installManifestPath);
      await eventually(async () => {
        const pods = await world().kubectl.list('pods', name);
        expect(pods).toHaveLength(2);
        expect(pick(pods[0], 'spec', 'priority')).toBe(1_000_000_000);
      });
      const events = await world().kubectl.list('events', name);
      expect(events.filter(({ reason }) => reason === 'FailedCreate')).toEqual([]);
    });

    it('leaves the caBundle that somebody has put in', async () => {
      await kubectl('apply', '-f', installManifestPath);
      await world().setCaBundles('QQ==');
      await kubectl('apply', '-f', installManifestPath);
      await kubectl('apply', '--server-side', '--force-conflicts', '-f', installManifestPath);
      expect(await world().caBundles()).toEqual(['QQ==']);
    });
  });

  describe('kubectl delete', () => {
    const orders: [string, (objects: JsonObject[]) => JsonObject[]][] = [
      ['in the order of the file', (objects) => objects],
      ['in the reverse order', (objects) => objects.toReversed()],
      [
        'in any order',
        (objects) =>
          objects.toSorted((one, two) => (hash(titleOf(one)) < hash(titleOf(two)) ? -1 : 1)),
      ],
    ];

    it.each(orders)('leaves nothing, %s', async (_what, order) => {
      await kubectl('apply', '-f', installManifestPath);
      const objects = order(installObjects());
      await world().kubectl.run(['delete', '--ignore-not-found', '-f', '-'], objects);
      expect(await present()).toEqual([]);
      await world().expectFunctionsUnaffected();
    });

    it('of the namespace alone leaves what the README tells how to delete', async () => {
      await kubectl('apply', '-f', installManifestPath);
      await kubectl('delete', 'namespace', name);
      await world().expectOthersUnaffected();
      await kubectl('delete', configurations, 'baas.openfunction.io');
      await world().expectFunctionsUnaffected();
      const left = await world().kubectl.try(['get', configurations, '-o', 'name']);
      expect(left.stdout).toBe('');
    });
  });

  describe('the conditions', () => {
    it('are stored as they are written, and compile', async () => {
      await kubectl('apply', '-f', installManifestPath);
      for (const object of installObjects().filter(({ webhooks }) => webhooks !== undefined)) {
        const { stdout } = await world().kubectl.try([
          ...['get', String(object['kind']), 'baas.openfunction.io', '-o', 'json'],
        ]);
        const conditions = (from: unknown) =>
          listAt(from, 'webhooks').map(({ matchConditions }) => matchConditions);
        expect(conditions(JSON.parse(stdout))).toEqual(conditions(object));
      }
    });
  });
}

/** Some order that is always the same. */
function hash(text: string): number {
  let value = 7;
  for (const character of text) value = (value * 31 + character.charCodeAt(0)) % 1_000_003;
  return value;
}

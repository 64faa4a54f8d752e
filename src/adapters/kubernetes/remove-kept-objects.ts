import { BaasLabel, CommonLabel, projectName } from '../../api/keys.ts';
import { type ManagedKind, managedKinds } from '../../rules/reconcile/managed-kinds.ts';
import {
  isKeptForFunction,
  type ObservedObject,
  readObservedObject,
} from '../../rules/reconcile/observed-object.ts';
import { pause } from '../pause.ts';
import { asApiError } from './api-error.ts';
import { apiVersionOf, collectionPath } from './api-resource.ts';
import { Deadline } from './deadline.ts';
import { describeFailure } from './describe-failure.ts';
import type { KubernetesConnection } from './kubernetes-connection.ts';
import { KubernetesObjectWriter } from './kubernetes-object-writer.ts';
import { listPages } from './list-pages.ts';
import { managedResource } from './managed-resources.ts';

/** What every object bears that the controller keeps, in the words of a list request. */
const keptSelector = `${BaasLabel.proxy},${CommonLabel.managedBy}=${projectName}`;

/** Longer than any API server takes for a page that is not in trouble. */
const pageTimeoutMs = 30_000;

/** A controller on its way out may write a last time; one that is not goes on for ever. */
const rounds = 5;
const defaultPauseMs = 2_000;

const metadataListOnly =
  'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

export interface KeptObjectsRemoval {
  readonly connection: Pick<KubernetesConnection, 'getJson' | 'changeJson'>;
  readonly signal: AbortSignal;
  readonly onRemoved: (removed: ObservedObject) => void;
  /** Between two looks. */
  readonly pauseMs?: number;
}

/**
 * Deletes what the controller made for Functions, in every namespace, and looks
 * again until there is nothing left.
 *
 * @returns what could not be done, each in a sentence
 * @throws the signal's reason once it aborts
 */
export async function removeKeptObjects(removal: KeptObjectsRemoval): Promise<readonly string[]> {
  for (let round = 1; ; round += 1) {
    const problems = new Set<string>();
    const found = await removeOnce(removal, problems);
    if (found === 0) return [...problems];
    if (round === rounds) {
      problems.add(
        'There are objects after every round: something keeps them from being deleted, or a controller makes them anew.',
      );
      return [...problems];
    }
    await pause(removal.pauseMs ?? defaultPauseMs, removal.signal);
  }
}

/** @returns how many objects there were */
async function removeOnce(
  { connection, signal, onRemoved }: KeptObjectsRemoval,
  problems: Set<string>,
): Promise<number> {
  const writer = new KubernetesObjectWriter({
    connection,
    onWritten: () => undefined,
    onDeleted: onRemoved,
    onRequest: () => undefined,
  });
  let found = 0;
  // Deployments first: what a proxy needs goes after it.
  for (const kind of (Object.keys(managedKinds) as ManagedKind[]).reverse()) {
    try {
      for await (const page of keptPages(connection, kind, signal)) {
        found += page.length;
        const results = await Promise.allSettled(page.map((one) => writer.delete(one, signal)));
        for (const result of results) {
          if (result.status === 'rejected') problems.add((result.reason as Error).message);
        }
      }
    } catch (error) {
      signal.throwIfAborted();
      problems.add((error as Error).message);
    }
  }
  signal.throwIfAborted();
  return found;
}

async function* keptPages(
  connection: KeptObjectsRemoval['connection'],
  kind: ManagedKind,
  signal: AbortSignal,
): AsyncGenerator<ObservedObject[]> {
  const resource = managedResource(kind);
  const deadline = new Deadline(signal, pageTimeoutMs);
  const options = {
    query: { labelSelector: keptSelector },
    // No token of a Secret has to come here for its Secret to be deleted.
    accept: metadataListOnly,
    signal: deadline.signal,
  };
  try {
    for await (const { objects } of listPages(connection, collectionPath(resource), options)) {
      yield objects
        .map((object) =>
          readObservedObject({ ...object, apiVersion: apiVersionOf(resource), kind }),
        )
        .filter((one) => one !== undefined)
        .filter((one) => isKeptForFunction(one) && !one.isDeleting);
      deadline.restart(pageTimeoutMs);
    }
  } catch (thrown) {
    signal.throwIfAborted();
    const error = asApiError(thrown);
    // A cluster without Dapr has no Components.
    if (error.kind === 'not-found') return;
    // Who may not see Secrets has made none: tokens are a right of their own.
    if (error.kind === 'forbidden' && kind === 'Secret') return;
    throw describeFailure('list', resource, undefined, error);
  } finally {
    deadline.end();
  }
}

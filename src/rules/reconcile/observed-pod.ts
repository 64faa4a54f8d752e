import { asText, at, type JsonObject } from '../../api/json.ts';
import { BaasLabel } from '../../api/keys.ts';
import { podClaim } from '../pod/pod-function.ts';
import { skipReasonOf } from '../pod/pod-skip.ts';
import { controllerOwnerOf } from './observed-object.ts';

/** What is kept in memory of a function pod that has not ended; its metadata is all that is read. */
export interface ObservedPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** From its labels: the Function, or the Serving that knows it. */
  readonly claim: { readonly kind: 'function' | 'serving'; readonly name: string };
  /** The mode it was admitted in; undefined for one that this webhook did not admit. */
  readonly mode: string | undefined;
  /** Whether somebody replaces it when it goes. */
  readonly hasController: boolean;
  readonly isDeleting: boolean;
  /** As `creationTimeOf` has it. */
  readonly createdAt: string;
}

/** Reads a function pod; undefined for a Pod that admission leaves alone as well. */
export function readObservedPod(
  pod: JsonObject,
  excludedNamespaces: ReadonlySet<string>,
): ObservedPod | undefined {
  const namespace = asText(at(pod, 'metadata', 'namespace')) ?? '';
  const name = asText(at(pod, 'metadata', 'name'));
  const claim = podClaim(pod);
  if (name === undefined || claim === undefined) return undefined;
  if (skipReasonOf(pod, namespace, excludedNamespaces) !== undefined) return undefined;
  return {
    namespace,
    name,
    uid: asText(at(pod, 'metadata', 'uid')) ?? '',
    claim,
    mode: asText(at(pod, 'metadata', 'labels', BaasLabel.mode)),
    hasController: controllerOwnerOf(pod) !== undefined,
    isDeleting: asText(at(pod, 'metadata', 'deletionTimestamp')) !== undefined,
    createdAt: creationTimeOf(pod),
  };
}

/** Function pods that this webhook did not admit; those on their way out are nobody's concern. */
export function missedPods(pods: readonly ObservedPod[]): ObservedPod[] {
  return pods.filter(({ mode, isDeleting }) => mode === undefined && !isDeleting);
}

/**
 * When an object was made: RFC 3339 in UTC and to the second, as API servers
 * write it, so that two of them compare as texts. Empty when it does not say.
 */
export function creationTimeOf(object: JsonObject): string {
  return asText(at(object, 'metadata', 'creationTimestamp')) ?? '';
}

import type { ClusterLookUp } from '../../adapters/kubernetes/cluster-look-up.ts';
import { at } from '../../api/json.ts';
import type { ReviewedRight } from '../../rules/check/granted-rights.ts';
import type { InstallationSettings } from '../../rules/check/installation-settings.ts';
import { found, type LookedUp } from '../../rules/check/looked-up.ts';
import { type RightToReview, rightsToReview } from '../../rules/check/product-rights.ts';
import { resources } from './resources.ts';

/** Asks the API server whether the ServiceAccount of the installation has each right that it needs. */
export async function gatherRights(
  lookUp: ClusterLookUp,
  account: { readonly namespace: string; readonly name: string },
  settings: InstallationSettings,
): Promise<LookedUp<readonly ReviewedRight[]>> {
  const { namespace, name } = account;
  const user = `system:serviceaccount:${namespace}:${name}`;
  const groups = [
    'system:serviceaccounts',
    `system:serviceaccounts:${namespace}`,
    'system:authenticated',
  ];
  const review = async (one: RightToReview): Promise<LookedUp<ReviewedRight>> => {
    const { verb, group, resource, namespace: within, name: only } = one.right;
    const [plural = '', subresource] = resource.split('/', 2);
    const answer = await lookUp.ask(resources.subjectAccessReviews, {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {
        user,
        groups,
        resourceAttributes: {
          verb,
          group,
          resource: plural,
          ...(subresource === undefined ? {} : { subresource }),
          ...(within === undefined ? {} : { namespace: within }),
          ...(only === undefined ? {} : { name: only }),
        },
      },
    });
    if (answer.kind !== 'found') return answer;
    return found({ ...one, isGranted: at(answer.value, 'status', 'allowed') === true });
  };
  const reviews = await Promise.all(rightsToReview(settings).map(review));
  const reviewed: ReviewedRight[] = [];
  for (const one of reviews) {
    if (one.kind !== 'found') return one;
    reviewed.push(one.value);
  }
  return found(reviewed);
}

import { projectName } from '../../api/keys.ts';
import type { DeploymentState } from './deployment-state.ts';
import { error, type Finding, ok, type Question, warning } from './finding.ts';
import { type LookedUp, unanswered } from './looked-up.ts';
import { notInstalled } from './not-installed.ts';

const question: Question = {
  id: 'deployment',
  section: 'installation',
  title: `Deployment ${projectName} is ready`,
};

/**
 * Does the Deployment of the installation have the pods that it is to have?
 *
 * @param isCalledByUrl whether the webhook runs elsewhere, so that no Deployment has to be there
 */
export function installedDeployment(
  deployment: LookedUp<DeploymentState | undefined>,
  installNamespace: string,
  isCalledByUrl: boolean,
): Finding {
  if (deployment.kind !== 'found') return unanswered(question, deployment);
  const { value } = deployment;
  const look = `See kubectl -n ${installNamespace} describe deployment ${projectName}, and the log of its pods.`;
  if (value === undefined) return notInstalled(question, installNamespace, isCalledByUrl);
  const state = `${value.available} of ${value.wanted} pods available`;
  if (value.wanted === 0) {
    return error(
      question,
      'it is scaled to zero',
      `kubectl -n ${installNamespace} scale deployment ${projectName} --replicas 2`,
    );
  }
  if (value.available === 0) return error(question, state, look);
  if (value.available < value.wanted) return warning(question, state, look);
  if (!value.isRolledOut) return warning(question, `${state}, and a rollout is under way`, look);
  const [image] = value.images.values();
  return ok(question, image === undefined ? state : `${state} (${image})`);
}

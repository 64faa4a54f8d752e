import { OpenFunctionController, OpenFunctionLabel } from '../../api/keys.ts';
import type { DeploymentState } from './deployment-state.ts';
import { type Finding, ok, type Question, warning } from './finding.ts';
import { count, listNames } from './list-names.ts';
import { ifFound, type LookedUp, unanswered } from './looked-up.ts';
import { isBefore, versionOf } from './software-version.ts';

const question: Question = {
  id: 'openfunction',
  section: 'versions',
  title: 'OpenFunction leaves Dapr proxies to this project',
};

/** From this version on it makes proxies by itself. */
const firstWithProxies = { major: 0, minor: 8 };

/**
 * Is OpenFunction there, and does it stand in the way of this project's proxies?
 *
 * @param itsProxies namespace and name of Deployments that are proxies of OpenFunction's own
 */
export function openFunctionControlPlane(
  controllers: LookedUp<readonly DeploymentState[]>,
  itsProxies: LookedUp<readonly string[]>,
): Finding {
  const proxies = ifFound(itsProxies) ?? [];
  const controller = ifFound(controllers)?.[0];
  const version =
    controller === undefined ? undefined : versionOf(controller, OpenFunctionController.container);
  const what =
    controller === undefined
      ? 'OpenFunction'
      : `OpenFunction ${version?.text ?? 'of an unknown version'} in namespace ${controller.namespace}`;
  if (proxies.length > 0) {
    return warning(
      question,
      `${what} keeps ${count(proxies.length, 'proxy of its own', 'proxies of its own')}, for whose Functions none is made here: ${listNames(proxies)}`,
      'From 0.8 on OpenFunction makes proxies by itself, and nothing switches that off; those are used as they are. Put such Functions in sidecar mode where that does not do.',
    );
  }
  if (controllers.kind !== 'found') return unanswered(question, controllers);
  if (controller === undefined) {
    return warning(
      question,
      `there is no Deployment ${OpenFunctionController.deployment}, so that nobody makes the Pods of Functions`,
      'Install OpenFunction, where that is not meant to be so.',
    );
  }
  if (controller.available === 0) {
    return warning(
      question,
      `${what}, but no pod of it is available`,
      `See kubectl -n ${controller.namespace} describe deployment ${controller.name}.`,
    );
  }
  const hasProxies =
    version !== undefined && !isBefore(version, firstWithProxies.major, firstWithProxies.minor);
  if (hasProxies && itsProxies.kind !== 'found') {
    return warning(
      question,
      `${what} makes proxies by itself; whether it did could not be looked at`,
      `For Functions that have such a proxy none is made here: kubectl get deployments -A -l ${OpenFunctionLabel.proxy}`,
    );
  }
  return ok(question, hasProxies ? `${what}, which has made no proxy so far` : what);
}

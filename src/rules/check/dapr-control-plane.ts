import { DaprInjector } from '../../api/keys.ts';
import type { DeploymentState } from './deployment-state.ts';
import { error, type Finding, ok, type Question, warning } from './finding.ts';
import { type LookedUp, unanswered } from './looked-up.ts';
import { isBefore, versionOf } from './software-version.ts';

const question: Question = {
  id: 'dapr',
  section: 'versions',
  title: "Dapr's sidecar injector is ready",
};

/** The oldest that OpenFunction came with when it learned of proxies. */
const oldest = { major: 1, minor: 8 };

/** Is Dapr there, ready, and of a version without pitfalls? */
export function daprControlPlane(injectors: LookedUp<readonly DeploymentState[]>): Finding {
  if (injectors.kind !== 'found') return unanswered(question, injectors);
  const [injector] = injectors.value;
  if (injector === undefined) {
    return error(
      question,
      `there is no Deployment with the label app=${DaprInjector.app}, so that no Pod gets a daprd and no proxy works`,
      'Install Dapr (dapr init -k, or its Helm chart).',
    );
  }
  const { namespace, name, available } = injector;
  const version = versionOf(injector, name);
  const what = `Dapr ${version?.text ?? 'of an unknown version'} in namespace ${namespace}`;
  if (available === 0) {
    return error(
      question,
      `${what}, but no pod of its injector is available`,
      `See kubectl -n ${namespace} describe deployment ${name}.`,
    );
  }
  if (injectors.value.length > 1) {
    const namespaces = injectors.value.map((one) => one.namespace).join(', ');
    return warning(
      question,
      `there is more than one, in namespaces ${namespaces}`,
      'Leave one: two injectors put two daprds into a Pod, or none.',
    );
  }
  if (version !== undefined && isBefore(version, oldest.major, oldest.minor)) {
    return warning(
      question,
      `${what} is older than ${oldest.major}.${oldest.minor}, which proxies were first made for`,
      'Upgrade Dapr.',
    );
  }
  return ok(question, what);
}

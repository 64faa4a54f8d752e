import { error, type Finding, ok, type Question, warning } from './finding.ts';
import type { LookedUp } from './looked-up.ts';

const question: Question = {
  id: 'api-server',
  section: 'kubernetes-api',
  title: 'the API server answers',
};

/** Older ones lack server-side apply, or the label that namespaces are told apart by. */
const oldest = { major: 1, minor: 22 };

/** Does the API server answer, and is it recent enough? */
export function kubernetesApi(gitVersion: LookedUp<string>): Finding {
  // Whoever may not ask for the version was answered all the same.
  if (gitVersion.kind !== 'found') return ok(question, 'of an unknown version');
  const [, major = '', minor = ''] = /^v?(\d+)\.(\d+)/.exec(gitVersion.value) ?? [];
  const isOld =
    Number(major) < oldest.major ||
    (Number(major) === oldest.major && Number(minor) < oldest.minor);
  if (major !== '' && isOld) {
    return warning(
      question,
      `Kubernetes ${gitVersion.value} is older than ${oldest.major}.${oldest.minor}`,
      'Upgrade Kubernetes: proxies are written by server-side apply, which older releases lack.',
    );
  }
  return ok(question, `Kubernetes ${gitVersion.value}`);
}

/** There is nothing to look at. */
export function noKubernetesApi(problem: string, hint: string): Finding {
  return error(question, problem, hint);
}

import { error, type Finding, ok, type Question } from './finding.ts';

/**
 * An object of the installation is not there.
 *
 * @param isCalledByUrl whether the webhook runs elsewhere, so that none has to be
 */
export function notInstalled(
  question: Question,
  installNamespace: string,
  isCalledByUrl: boolean,
): Finding {
  return isCalledByUrl
    ? ok(question, 'not there, and not called: the webhook runs outside of the cluster')
    : error(
        question,
        `there is none in namespace ${installNamespace}`,
        'Install the manifests, or name the namespace of the installation with --install-namespace.',
      );
}

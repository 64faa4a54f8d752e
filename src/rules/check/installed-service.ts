import { at, type JsonObject, objectsOf } from '../../api/json.ts';
import { projectName } from '../../api/keys.ts';
import { error, type Finding, ok, type Question } from './finding.ts';
import { count } from './list-names.ts';
import { type LookedUp, unanswered } from './looked-up.ts';
import { notInstalled } from './not-installed.ts';

const question: Question = {
  id: 'service',
  section: 'installation',
  title: `Service ${projectName} leads to pods`,
};

export interface ServiceFacts {
  readonly service: LookedUp<JsonObject | undefined>;
  /** Addresses behind it that are ready. */
  readonly readyEndpoints: LookedUp<number>;
  /** Ports at which the webhook configurations call it. */
  readonly calledPorts: readonly number[];
}

/** Does the Service that API servers call lead to pods that answer? */
export function installedService(
  { service, readyEndpoints, calledPorts }: ServiceFacts,
  installNamespace: string,
  isCalledByUrl: boolean,
): Finding {
  if (service.kind !== 'found') return unanswered(question, service);
  if (service.value === undefined) return notInstalled(question, installNamespace, isCalledByUrl);
  const ports = objectsOf(at(service.value, 'spec', 'ports')).map(({ item }) => item['port']);
  const missing = calledPorts.filter((port) => !ports.includes(port));
  if (missing.length > 0) {
    return error(
      question,
      `it has no port ${missing.join(', ')}, at which API servers call it`,
      'Apply the manifests of the installation again.',
    );
  }
  if (readyEndpoints.kind !== 'found') return unanswered(question, readyEndpoints);
  if (readyEndpoints.value === 0) {
    return error(
      question,
      'no pod behind it is ready',
      `See whether pods are ready, and whether its selector is theirs: kubectl -n ${installNamespace} get pods --show-labels`,
    );
  }
  return ok(question, count(readyEndpoints.value, 'ready address', 'ready addresses'));
}

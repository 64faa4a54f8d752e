import { asText, at, type JsonObject } from '../../api/json.ts';
import { projectName } from '../../api/keys.ts';
import { type Defect, type Finding, findingOf, ok, type Question } from './finding.ts';
import { allFound, type LookedUp, unanswered } from './looked-up.ts';
import {
  type RegisteredConfiguration,
  type Registration,
  registeredWebhooks,
} from './registered-webhook.ts';

const question: Question = {
  id: 'webhook-target',
  section: 'webhook-configurations',
  title: 'the configurations call the Service of the installation',
};

/** What API servers take where a configuration says nothing. */
const defaultPort = 443;

/** Do API servers call this installation, at the right paths? */
export function webhookTarget(
  mutating: LookedUp<readonly RegisteredConfiguration[]>,
  validating: LookedUp<readonly RegisteredConfiguration[]>,
  installNamespace: string,
): Finding {
  const registration = allFound({ mutating, validating });
  if (registration.kind !== 'found') return unanswered(question, registration);
  const registered = registeredWebhooks(registration.value);
  // That there is none is told by another question.
  if (registered.length === 0) return ok(question, 'none is registered');
  const urls = new Set<string>();
  const defects = registered.flatMap(({ needed, webhook }): Defect[] => {
    const url = asText(at(webhook, 'clientConfig', 'url'));
    if (url !== undefined) {
      urls.add(originOf(url));
      return url.endsWith(needed.path)
        ? []
        : [{ level: 'error', message: `${needed.name} is called at ${url}` }];
    }
    const target = serviceOf(webhook);
    const path = asText(at(webhook, 'clientConfig', 'service', 'path')) ?? '/';
    const isOurs = target?.namespace === installNamespace && target.name === projectName;
    if (isOurs && path === needed.path) return [];
    const where = `Service ${target?.name} in namespace ${target?.namespace}`;
    return [
      {
        level: 'error',
        message: isOurs
          ? `${needed.name} is called at ${path} instead of ${needed.path}`
          : `${needed.name} calls ${where}`,
      },
    ];
  });
  if (urls.size > 0) {
    defects.push({
      level: 'warning',
      message: `the webhook is called at ${[...urls].join(', ')}, outside of the cluster as it seems`,
    });
  }
  return findingOf(
    question,
    defects,
    `${projectName} in namespace ${installNamespace}`,
    `Apply the manifests of the installation again; if it is in another namespace than ${installNamespace}, name that with --install-namespace.`,
  );
}

/** Ports of a Service that API servers call, by the configurations. */
export function calledPorts(registration: Registration): number[] {
  const ports = registeredWebhooks(registration).flatMap(({ webhook }) => {
    if (serviceOf(webhook) === undefined) return [];
    const port = at(webhook, 'clientConfig', 'service', 'port');
    return [typeof port === 'number' ? port : defaultPort];
  });
  return [...new Set(ports)];
}

function serviceOf(webhook: JsonObject): { name: string; namespace: string } | undefined {
  const name = asText(at(webhook, 'clientConfig', 'service', 'name'));
  const namespace = asText(at(webhook, 'clientConfig', 'service', 'namespace'));
  return name === undefined || namespace === undefined ? undefined : { name, namespace };
}

function originOf(url: string): string {
  return /^[a-z]+:\/\/[^/]+/i.exec(url)?.[0] ?? url;
}

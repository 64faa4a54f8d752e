import { webhookConfigurationName } from '../../api/keys.ts';
import { defectIf, error, type Finding, findingOf, type Question } from './finding.ts';
import { listNames } from './list-names.ts';
import { type LookedUp, unanswered } from './looked-up.ts';
import { neededWebhooks } from './needed-webhooks.ts';
import { isOwn, ownConfiguration, type RegisteredConfiguration } from './registered-webhook.ts';

const questions = {
  mutating: {
    id: 'mutating-configuration',
    section: 'webhook-configurations',
    title: `MutatingWebhookConfiguration ${webhookConfigurationName} registers every webhook`,
  },
  validating: {
    id: 'validating-configuration',
    section: 'webhook-configurations',
    title: `ValidatingWebhookConfiguration ${webhookConfigurationName} registers every webhook`,
  },
} as const satisfies Record<string, Question>;

const applyAgain =
  'Apply the manifests of the installation again; nothing else registers the webhooks.';

/** Is the webhook configuration of a kind there, once, under its name and with all of its webhooks? */
export function webhookRegistration(
  kind: 'mutating' | 'validating',
  configurations: LookedUp<readonly RegisteredConfiguration[]>,
): Finding {
  const question = questions[kind];
  if (configurations.kind !== 'found') return unanswered(question, configurations);
  const own = ownConfiguration(configurations.value);
  if (own === undefined) {
    return error(question, 'there is none, so that API servers call nobody', applyAgain);
  }
  const others = configurations.value.filter((one) => isOwn(one) && one !== own);
  const needed = neededWebhooks.filter(({ configuration }) => configuration === kind);
  const isRegistered = (wanted: string): boolean =>
    own.webhooks.some(({ name }) => name === wanted);
  const missing = needed.map(({ name }) => name).filter((name) => !isRegistered(name));
  return findingOf(
    question,
    [
      ...defectIf(missing.length > 0, 'error', `it lacks ${missing.join(', ')}`),
      ...defectIf(own.name !== webhookConfigurationName, 'warning', `it is called ${own.name}`),
      ...defectIf(
        others.length > 0,
        'warning',
        `these register webhooks of this project as well: ${listNames(others.map(({ name }) => name))}`,
      ),
    ],
    `${needed.length} of ${needed.length}`,
    missing.length > 0
      ? applyAgain
      : `Delete what is not called ${webhookConfigurationName}, and apply the manifests of the installation again.`,
  );
}

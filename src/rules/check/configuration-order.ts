import type { JsonObject } from '../../api/json.ts';
import { DaprInjector } from '../../api/keys.ts';
import { error, type Finding, ok, type Question, warning } from './finding.ts';
import { type LookedUp, unanswered } from './looked-up.ts';
import { byName, ownConfiguration, type RegisteredConfiguration } from './registered-webhook.ts';

const question: Question = {
  id: 'configuration-order',
  section: 'webhook-configurations',
  title: "Pods come here before Dapr's injector sees them",
};

/**
 * Does our mutating configuration come before Dapr's? API servers call them in the
 * order of their names. Dapr's is known by its webhook, since charts can name it.
 */
export function configurationOrder(
  configurations: LookedUp<readonly RegisteredConfiguration[]>,
): Finding {
  if (configurations.kind !== 'found') return unanswered(question, configurations);
  const own = ownConfiguration(configurations.value);
  const injector = configurations.value
    .filter((one) => injectorWebhook(one) !== undefined || one.name === DaprInjector.configuration)
    .toSorted(byName)[0];
  if (injector === undefined) {
    return error(
      question,
      "Dapr's injector is not registered, so that no Pod gets a daprd and no proxy works",
      `Install Dapr with its sidecar injector, which registers ${DaprInjector.configuration}.`,
    );
  }
  // That ours is missing is told by another question.
  if (own === undefined) return ok(question, `of the two there is only ${injector.name}`);
  if (byName(own, injector) < 0) return ok(question, `${own.name} comes before ${injector.name}`);
  const order = `${injector.name} comes before ${own.name}`;
  const rename = `Give the configuration of this project back its name, or Dapr's the name ${DaprInjector.configuration}.`;
  return injectorWebhook(injector)?.['reinvocationPolicy'] === 'IfNeeded'
    ? warning(question, `${order}; API servers call it a second time to mend that`, rename)
    : error(
        question,
        `${order}, and is not called a second time (reinvocationPolicy is not IfNeeded), so that Pods in sidecar mode lose their daprd`,
        rename,
      );
}

function injectorWebhook({ webhooks }: RegisteredConfiguration): JsonObject | undefined {
  return webhooks.find(({ name }) => name === DaprInjector.webhook);
}

import type { JsonObject } from '../../api/json.ts';
import { webhookConfigurationName } from '../../api/keys.ts';
import type { EffectiveMode } from '../effective-mode.ts';

/** The modes, each of which is tried by itself. */
export const trialModes: readonly EffectiveMode[] = ['standalone', 'sidecar', 'disabled'];

/** What came of creating an object with `dryRun=All`. */
export type Trial =
  /** As it would have been stored. */
  | { readonly kind: 'accepted'; readonly object: JsonObject }
  /** By an admission plugin, a schema, a quota or a webhook. */
  | { readonly kind: 'refused'; readonly message: string };

/** Whether a refusal speaks of a webhook of this project: a denial, or that it could not be called. */
export function namesOwnWebhook(message: string): boolean {
  return message.includes(`.${webhookConfigurationName}"`);
}

/** How API servers word that a webhook said no; otherwise it could not be asked. */
export function isDenial(message: string): boolean {
  return message.includes('denied the request');
}

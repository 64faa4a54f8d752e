import { BaasAnnotation } from '../../api/keys.ts';
import { error, type Finding, ok, type Question, warning } from './finding.ts';
import type { InstallationSettings } from './installation-settings.ts';
import { describeRight, ifFound, type LookedUp, type Right, unanswered } from './looked-up.ts';
import type { Purpose, RightToReview } from './product-rights.ts';

/** What an API server answered about a right of the installation's ServiceAccount. */
export interface ReviewedRight extends RightToReview {
  readonly isGranted: boolean;
}

export interface RightsFacts {
  readonly reviewed: LookedUp<readonly ReviewedRight[]>;
  readonly settings: InstallationSettings;
  /** Whether a Function asks for an API token. */
  readonly hasTokenFunctions: LookedUp<boolean>;
}

/** Whether the installation uses a right; a doubt is a clause. */
type Need = 'yes' | 'no' | { readonly doubt: string };

interface RightsQuestion extends Question {
  readonly purposes: readonly Purpose[];
  /** What uses the rights. */
  readonly use: string;
}

const questions: readonly RightsQuestion[] = [
  {
    id: 'rights-admission',
    section: 'rights',
    title: 'the ServiceAccount may do what admission takes',
    purposes: ['admission'],
    use: 'admission',
  },
  {
    id: 'rights-certificates',
    section: 'rights',
    title: 'the ServiceAccount may keep certificate and caBundle',
    purposes: ['certificates', 'certificates of others'],
    use: 'certificates that the webhook makes itself',
  },
  {
    id: 'rights-controller',
    section: 'rights',
    title: 'the ServiceAccount may keep the objects of Functions',
    purposes: ['controller', 'leader election', 'owner references'],
    use: 'the controller',
  },
  {
    id: 'rights-tokens',
    section: 'rights',
    title: 'the ServiceAccount may make API tokens',
    purposes: ['tokens'],
    use: `API tokens (--api-tokens, or the annotation ${BaasAnnotation.apiToken})`,
  },
  {
    id: 'rights-repair',
    section: 'rights',
    title: 'the ServiceAccount may evict Pods that were not admitted',
    purposes: ['repair'],
    use: '--repair-missed-pods',
  },
];

/** Has the ServiceAccount of the installation the rights that it uses? */
export function grantedRights(facts: RightsFacts): Finding[] {
  return questions.map((question) => findingFor(question, facts));
}

function findingFor(
  { purposes, use, ...question }: RightsQuestion,
  { reviewed, ...facts }: RightsFacts,
): Finding {
  if (reviewed.kind !== 'found') return unanswered(question, reviewed);
  const mine = reviewed.value.filter(({ purpose }) => purposes.includes(purpose));
  const missing = mine.filter(({ isGranted }) => !isGranted);
  if (missing.length === 0) return ok(question, `${mine.length} of ${mine.length} rights`);
  const list = describeRights(missing.map(({ right }) => right));
  const lacks = `it lacks ${list}`;
  const hint =
    'Install this version again (manifests/install.yaml, or the chart), and see that its bindings name the ServiceAccount.';
  const needs = missing.map(({ purpose }) => needOf(purpose, facts));
  if (needs.includes('yes')) return error(question, lacks, hint);
  const doubts = new Set(needs.flatMap((need) => (typeof need === 'object' ? [need.doubt] : [])));
  return doubts.size > 0
    ? warning(question, `${lacks}; ${[...doubts].join('; ')}`, hint)
    : ok(question, `it may not, and need not: that is for ${use}`);
}

function needOf(
  purpose: Purpose,
  { settings, hasTokenFunctions }: Omit<RightsFacts, 'reviewed'>,
): Need {
  const { command } = settings;
  if (purpose === 'admission') return 'yes';
  const isOfWebhook = purpose === 'certificates' || purpose === 'certificates of others';
  if (command === (isOfWebhook ? 'controller' : 'webhook')) return 'no';
  switch (purpose) {
    case 'certificates':
      return ifKnown(settings.makesCertificates, settings);
    case 'certificates of others': {
      const need = ifKnown(settings.makesCertificates, settings);
      return need === 'yes' ? somebodyElse : need;
    }
    case 'controller':
      return 'yes';
    case 'leader election':
      return settings.leaderElect ? 'yes' : 'no';
    case 'owner references':
      return ownerReferences;
    case 'tokens':
      return tokensNeeded(settings, hasTokenFunctions);
    case 'repair':
      return ifSet(settings.repairMissedPods, settings);
  }
}

function tokensNeeded(
  settings: InstallationSettings,
  hasTokenFunctions: RightsFacts['hasTokenFunctions'],
): Need {
  const need = ifSet(settings.apiTokens || ifFound(hasTokenFunctions) === true, settings);
  return need === 'no' && hasTokenFunctions.kind !== 'found'
    ? { doubt: 'whether a Function asks for one is not known' }
    : need;
}

const ownerReferences: Need = {
  doubt:
    'API servers that run OwnerReferencesPermissionEnforcement, as those of OpenShift do, then refuse its objects',
};

const somebodyElse: Need = {
  doubt: 'somebody else then has to make the Secret, and to keep caBundle',
};

/** Of a setting that says yes by default: that alone is no evidence. */
function ifKnown(isUsed: boolean, { doubt }: InstallationSettings): Need {
  if (doubt !== undefined) return { doubt: `whether it uses that is not known: ${doubt}` };
  return isUsed ? 'yes' : 'no';
}

/** Of a setting that says no by default. */
function ifSet(isSet: boolean, { doubt }: InstallationSettings): Need {
  if (isSet) return 'yes';
  return doubt === undefined ? 'no' : { doubt: `whether it uses that is not known: ${doubt}` };
}

/** Rights with the verbs of one resource together, e.g. `list, watch pods in all namespaces`. */
function describeRights(rights: readonly Right[]): string {
  const verbs = new Map<string, string[]>();
  for (const right of rights) {
    const [verb = '', ...rest] = describeRight(right).split(' ');
    const object = rest.join(' ');
    const known = verbs.get(object) ?? [];
    if (!known.includes(verb)) known.push(verb);
    verbs.set(object, known);
  }
  return [...verbs].map(([object, list]) => `${list.join(', ')} ${object}`).join('; ');
}

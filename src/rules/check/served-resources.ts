import { componentApiVersion, functionGroup, functionVersions } from '../../api/keys.ts';
import { error, type Finding, ok, type Question, warning } from './finding.ts';
import { type LookedUp, unanswered } from './looked-up.ts';

/** Versions in which the API server has each custom resource, of those that this project understands. */
export interface ServedResources {
  readonly functions: LookedUp<readonly string[]>;
  readonly servings: LookedUp<readonly string[]>;
  readonly components: LookedUp<readonly string[]>;
}

const functions: Question = {
  id: 'functions-served',
  section: 'custom-resources',
  title: `functions.${functionGroup} are served`,
};
const servings: Question = {
  id: 'servings-served',
  section: 'custom-resources',
  title: `servings.${functionGroup} are served`,
};
const components: Question = {
  id: 'components-served',
  section: 'custom-resources',
  title: 'components.dapr.io are served',
};

const understood = functionVersions.join(' nor ');

/** Are the custom resources there, in versions that are understood? */
export function servedResources(served: ServedResources): Finding[] {
  return [
    finding(functions, served.functions, () =>
      error(
        functions,
        `neither ${understood} is served`,
        'Install OpenFunction. A cluster without it can have the CRDs of manifests/crds.',
      ),
    ),
    finding(servings, served.servings, () =>
      warning(
        servings,
        `neither ${understood} is served; Pods are told by their label for the Function alone`,
        'Install OpenFunction, whose Servings tell which Pods belong to which Function.',
      ),
    ),
    finding(components, served.components, () =>
      error(
        components,
        `${componentApiVersion} is not served, so that no Function gets its Components`,
        'Install Dapr (dapr init -k, or its Helm chart).',
      ),
    ),
  ];
}

function finding(
  question: Question,
  versions: LookedUp<readonly string[]>,
  missing: () => Finding,
): Finding {
  if (versions.kind !== 'found') return unanswered(question, versions);
  return versions.value.length === 0 ? missing() : ok(question, `as ${versions.value.join(', ')}`);
}

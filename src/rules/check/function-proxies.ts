import type { FunctionModel } from '../../api/function.ts';
import { asText } from '../../api/json.ts';
import { BaasLabel } from '../../api/keys.ts';
import type { ServingReference } from '../../api/serving.ts';
import { effectiveMode } from '../effective-mode.ts';
import { functionLabelValueOf } from '../names.ts';
import type { DeploymentState } from './deployment-state.ts';
import { defectIf, type Finding, findingOf, ok, type Question, warning } from './finding.ts';
import { count, listNames } from './list-names.ts';
import { allFound, type LookedUp, unanswered } from './looked-up.ts';

/** A proxy's Deployment that OpenFunction made. */
export interface ForeignProxyReference {
  readonly namespace: string;
  readonly name: string;
  readonly serving: string;
}

export interface ProxyFacts {
  /** Deployments of the proxies that are kept. */
  readonly proxies: LookedUp<readonly DeploymentState[]>;
  readonly openFunctionProxies: LookedUp<readonly ForeignProxyReference[]>;
  readonly functions: LookedUp<readonly FunctionModel[]>;
  readonly servings: LookedUp<readonly ServingReference[]>;
}

const present: Question = {
  id: 'proxies-present',
  section: 'functions',
  title: 'every Function in standalone mode has its proxy',
};
const ready: Question = {
  id: 'proxies-ready',
  section: 'functions',
  title: 'every proxy is ready',
};

/** Have Functions their proxies, and are these ready? */
export function functionProxies(facts: ProxyFacts): Finding[] {
  return [presentProxies(facts), readyProxies(facts.proxies)];
}

function presentProxies({
  proxies,
  openFunctionProxies,
  functions,
  servings,
}: ProxyFacts): Finding {
  const known = allFound({ proxies, openFunctionProxies, functions, servings });
  if (known.kind !== 'found') return unanswered(present, known);
  const own = new Set(
    known.value.proxies.map(({ namespace, labels }) =>
      keyOf(namespace, asText(labels[BaasLabel.proxy]) ?? ''),
    ),
  );
  const servingsWithProxy = new Set(
    known.value.openFunctionProxies.map(({ namespace, serving }) => keyOf(namespace, serving)),
  );
  const foreign = new Set(
    known.value.servings
      .filter(({ namespace, name }) => servingsWithProxy.has(keyOf(namespace, name)))
      .map((serving) => keyOf(serving.namespace, serving.function ?? '')),
  );
  const standalone = known.value.functions.filter(
    (fn) => !fn.isDeleting && effectiveMode(fn.serving).mode === 'standalone',
  );
  const lacking = standalone
    .filter(
      (fn) =>
        !own.has(keyOf(fn.namespace, functionLabelValueOf(fn))) &&
        !foreign.has(keyOf(fn.namespace, fn.name)),
    )
    .map(({ namespace, name }) => keyOf(namespace, name))
    .toSorted();
  if (lacking.length === 0) return ok(present, count(standalone.length, 'Function'));
  return warning(
    present,
    `${count(lacking.length, 'has none', 'have none')} of ${standalone.length}: ${listNames(lacking)}`,
    'kubectl describe function tells what is in the way, if the controller got that far; its log tells the rest.',
  );
}

function readyProxies(proxies: LookedUp<readonly DeploymentState[]>): Finding {
  if (proxies.kind !== 'found') return unanswered(ready, proxies);
  const lagging = proxies.value.filter(({ available, wanted }) => available < wanted);
  const name = ({ namespace, name: own }: DeploymentState): string => keyOf(namespace, own);
  const dead = lagging
    .filter(({ available }) => available === 0)
    .map(name)
    .toSorted();
  const partly = lagging
    .filter(({ available }) => available > 0)
    .map(name)
    .toSorted();
  return findingOf(
    ready,
    [
      ...defectIf(dead.length > 0, 'error', `without any pod available: ${listNames(dead)}`),
      ...defectIf(partly.length > 0, 'warning', `with some pods available: ${listNames(partly)}`),
    ],
    count(proxies.value.length, 'proxy', 'proxies'),
    'See kubectl describe deployment and the logs of its pods. A proxy is ready when its daprd has loaded every Component.',
  );
}

function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

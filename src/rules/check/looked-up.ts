import { error, type Finding, type Question, warning } from './finding.ts';

/** One verb on one resource, as RBAC grants it. */
export interface Right {
  readonly verb: string;
  /** Empty for the core group. */
  readonly group: string;
  /** Name in paths, with a subresource after a slash. */
  readonly resource: string;
  /** All of them when undefined. */
  readonly namespace: string | undefined;
  /** Every object when undefined. */
  readonly name?: string | undefined;
  /** Whether objects of the resource are in no namespace. */
  readonly isClusterWide?: boolean;
}

/** What came of looking something up; where an object can be missing, its value is undefined. */
export type LookedUp<Value> = { readonly kind: 'found'; readonly value: Value } | LookUpFailure;

export type LookUpFailure =
  /** The user who asks may not see it. */
  | { readonly kind: 'forbidden'; readonly right: Right }
  | { readonly kind: 'failed'; readonly problem: string };

export function found<Value>(value: Value): LookedUp<Value> {
  return { kind: 'found', value };
}

/** What was found; undefined when nothing could be looked up. */
export function ifFound<Value>(lookedUp: LookedUp<Value>): Value | undefined {
  return lookedUp.kind === 'found' ? lookedUp.value : undefined;
}

/** What is found made into something else. */
export function mapFound<From, To>(
  lookedUp: LookedUp<From>,
  change: (value: From) => To,
): LookedUp<To> {
  return lookedUp.kind === 'found' ? found(change(lookedUp.value)) : lookedUp;
}

/** What several look-ups found, where all of them did; else the first that did not. */
export function allFound<Parts extends Readonly<Record<string, LookedUp<unknown>>>>(
  parts: Parts,
): LookedUp<{ readonly [Name in keyof Parts]: Found<Parts[Name]> }> {
  const values: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(parts)) {
    if (part.kind !== 'found') return part;
    values[name] = part.value;
  }
  return found(values as { readonly [Name in keyof Parts]: Found<Parts[Name]> });
}

type Found<Part> = Part extends { readonly kind: 'found'; readonly value: infer Value }
  ? Value
  : never;

/** The answer to a question of which too little is known to answer it. */
export function unanswered(question: Question, failure: LookUpFailure): Finding {
  if (failure.kind === 'failed') {
    return error(
      question,
      `could not be looked at: ${failure.problem}`,
      'Try again; kubectl get --raw /readyz?verbose tells how the API server is.',
    );
  }
  const { right } = failure;
  const role = right.namespace === undefined ? 'ClusterRole' : 'Role';
  return warning(
    question,
    `not looked at: you lack the right to ${describeRight(right)}`,
    `Ask for a ${role} that grants "${right.verb}" on "${right.resource}" of API group "${right.group}", or let somebody run this who has one.`,
  );
}

/** A right in words, e.g. `list deployments.apps in all namespaces`. */
export function describeRight({
  verb,
  group,
  resource,
  namespace,
  name,
  isClusterWide = false,
}: Right): string {
  const [plural = '', subresource] = resource.split('/', 2);
  const full = [group === '' ? plural : `${plural}.${group}`, subresource]
    .filter((part) => part !== undefined)
    .join('/');
  const object = name === undefined ? '' : ` "${name}"`;
  if (isClusterWide) return `${verb} ${full}${object}`;
  const scope = namespace === undefined ? 'in all namespaces' : `in namespace "${namespace}"`;
  return `${verb} ${full}${object} ${scope}`;
}

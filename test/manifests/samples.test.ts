import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { type ComponentModel, readComponent } from '../../src/api/component.ts';
import { type FunctionModel, readFunction, type ServingModel } from '../../src/api/function.ts';
import { at, type JsonObject } from '../../src/api/json.ts';
import { daprdContainer, OpenFunctionAnnotation } from '../../src/api/keys.ts';
import type { ComponentLookup } from '../../src/rules/context/component-lookup.ts';
import { effectiveMode } from '../../src/rules/effective-mode.ts';
import { defaultFunction } from '../../src/rules/function/function-defaults.ts';
import { validateFunction } from '../../src/rules/function/function-validation.ts';
import { findFunctionContainer } from '../../src/rules/pod/function-container.ts';
import { admitPod } from '../../src/rules/pod/pod-admission.ts';
import { podClaim } from '../../src/rules/pod/pod-function.ts';
import { skipReasonOf } from '../../src/rules/pod/pod-skip.ts';
import { podOfTemplate, templatePathOf } from '../../src/rules/pod/workload-template.ts';
import { applyPatch } from '../support/apply-patch.ts';

const samples = new URL('../../manifests/samples/', import.meta.url);
const namespace = 'shop';
const settings = { clusterDomain: 'cluster.local', apiTokens: false };

const readme = readFileSync(new URL('README.md', samples), 'utf8');
const functionFiles = yamlFiles('.');
const podFiles = yamlFiles('pods').map((file) => `pods/${file}`);

function yamlFiles(folder: string): string[] {
  return readdirSync(new URL(`${folder}/`, samples)).filter((file) => file.endsWith('.yaml'));
}

function textOf(file: string): string {
  return readFileSync(new URL(file, samples), 'utf8');
}

function documentsOf(file: string): JsonObject[] {
  return parseAllDocuments(textOf(file)).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as JsonObject;
  });
}

/** Rows of the README's tables, by the file that the first cell links to. */
const rows = new Map(
  readme
    .split('\n')
    .map((line) => /^\| \[(?<file>[^\]]+)\]\((?<link>[^)]+)\) \|(?<rest>.*)\|$/.exec(line)?.groups)
    .filter((groups) => groups !== undefined)
    .map(({ file = '', link = '', rest = '' }) => [
      file,
      { link, cells: rest.split('|').map((cell) => cell.trim()) },
    ]),
);

function cellsOf(file: string): string[] {
  const row = rows.get(file);
  if (row === undefined) throw new Error(`${file} is missing in the README's table`);
  return row.cells;
}

function functionOf(file: string): { object: JsonObject; fn: FunctionModel } {
  const found = documentsOf(file).flatMap((object) => {
    const fn = readFunction(object, namespace);
    return fn === undefined ? [] : [{ object, fn }];
  });
  const [only] = found;
  if (only === undefined || found.length > 1) throw new Error(`${file} holds no single Function`);
  return only;
}

/** The Components that stand in the sample's own file. */
function componentsOf(file: string): ComponentLookup {
  const components: ComponentModel[] = documentsOf(file).flatMap(
    (object) => readComponent(object, namespace) ?? [],
  );
  return {
    byName: (name) => components.find((component) => component.name === name),
    ofServing: () => [],
  };
}

/** The column "Rule" of a Function: what effectiveMode decides by. */
function ruleOf(serving: ServingModel | undefined): string {
  if (serving === undefined) return 'no `spec.serving`';
  const enable = serving.annotations[OpenFunctionAnnotation.enableDapr];
  const serviceMode = serving.annotations[OpenFunctionAnnotation.daprServiceMode];
  if (enable === 'false') return '`enable-dapr` `"false"`';
  if (enable === undefined && !serving.hasBackends) return '`enable-dapr` unset, no backends';
  const first = enable === undefined ? 'unset, with backends' : `\`"${enable}"\``;
  const second = serviceMode === undefined ? 'unset' : `\`${serviceMode}\``;
  return `\`enable-dapr\` ${first}; service mode ${second}`;
}

function runtimeOf(serving: ServingModel | undefined): string {
  return serving === undefined ? 'none' : (serving.httpEngine ?? serving.runtime);
}

/** A Pod itself, or the one that the controller of a workload makes. */
function podOf(object: JsonObject): JsonObject {
  const path = templatePathOf(object);
  return path === undefined ? object : podOfTemplate(object, path);
}

describe('the samples', () => {
  it('each have a row in the README, and no row is left over', () => {
    expect([...rows.keys()].sort()).toEqual([...functionFiles, ...podFiles].sort());
    for (const [file, { link }] of rows) expect(link).toBe(file);
  });

  it.each([...functionFiles, ...podFiles])(
    '%s says its mode on top and names no namespace',
    (file) => {
      const mode = /^# Mode: (\w+)\./m.exec(textOf(file).split(/^[^#]/m, 1)[0] ?? '')?.[1];
      expect(mode).toBe(cellsOf(file)[3]);
      for (const object of documentsOf(file)) {
        expect(at(object, 'metadata', 'namespace')).toBeUndefined();
      }
    },
  );

  it('cover every mode, runtime and version', () => {
    const column = (index: number): Set<string | undefined> =>
      new Set(functionFiles.map((file) => cellsOf(file)[index]));
    expect(column(1)).toEqual(new Set(['v1beta1', 'v1beta2']));
    expect(column(2)).toEqual(new Set(['async', 'knative', 'keda', 'none']));
    expect(column(3)).toEqual(new Set(['standalone', 'sidecar', 'disabled']));
  });
});

describe.each(functionFiles)('the sample %s', (file) => {
  it('ends up in the mode that the README states, by the rule it states', () => {
    const { fn } = functionOf(file);
    const [, version, runtime, mode, rule] = cellsOf(file);
    expect(effectiveMode(fn.serving)).toMatchObject({ mode, invalid: [] });
    expect({
      version: fn.version,
      runtime: runtimeOf(fn.serving),
      rule: ruleOf(fn.serving),
    }).toEqual({ version, runtime, rule });
  });

  it('is admitted without a problem or a warning', () => {
    const { object } = functionOf(file);
    const verdict = validateFunction(object, namespace, undefined, componentsOf(file));
    expect(verdict).toMatchObject({ problems: [], warnings: [], invalidAnnotations: [] });
    expect(defaultFunction(object, undefined)).toMatchObject({
      warnings: [],
      mode: cellsOf(file)[3],
    });
  });
});

describe.each(podFiles)('the sample %s', (file) => {
  const [object = {}] = documentsOf(file);
  const pod = podOf(object);
  const [kind, functionName, containerName, mode] = cellsOf(file);

  function admitted() {
    const owner = functionFiles
      .map((candidate) => functionOf(candidate).fn)
      .find(({ name }) => name === functionName);
    if (owner === undefined) throw new Error(`no sample holds the Function ${functionName}`);
    const facts = { servings: [], components: componentsOf('shared-components.yaml') };
    const admit = (before: JsonObject) => {
      const admission = admitPod(before, owner, facts, settings);
      return { admission, after: applyPatch(before, admission.patch) };
    };
    const first = admit(pod);
    return { first, second: admit(first.after) };
  }

  it('belongs to the Function that the README states', () => {
    expect(object['kind']).toBe(kind);
    expect(skipReasonOf(pod, namespace, new Set())).toBeUndefined();
    expect(podClaim(pod)).toEqual({ kind: 'function', name: functionName });
  });

  it('is admitted in the mode that the README states, without a warning', () => {
    const { first } = admitted();
    expect(first.admission).toMatchObject({ mode, warnings: [], invalidAnnotations: [] });
    expect(findFunctionContainer(first.after, () => false)).toMatchObject({
      container: { name: containerName },
      isGuess: false,
    });
    expect(JSON.stringify(first.after)).not.toContain(`"${daprdContainer}"`);
  });

  it('is left alone when it is admitted again', () => {
    expect(admitted().second.admission.patch).toEqual([]);
  });
});

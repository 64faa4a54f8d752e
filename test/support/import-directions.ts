import { posix } from 'node:path';
import { withoutComments } from './source-tree.ts';

/** What a layer may import: layers, and packages. Everything else is a violation. */
export interface Layer {
  readonly layers: readonly string[];
  /** `*` allows every package and Node's own modules. */
  readonly packages: readonly string[];
  /** Whether clock, randomness, environment and the like are out of reach. */
  readonly isPure: boolean;
}

/** The architecture: every folder below `src`, and what it may know of. */
export const layers: Readonly<Record<string, Layer>> = {
  api: { layers: ['api'], packages: [], isPure: true },
  rules: { layers: ['api', 'rules'], packages: ['yaml'], isPure: true },
  admission: { layers: ['api', 'rules', 'admission'], packages: ['zod'], isPure: false },
  controller: { layers: ['api', 'rules', 'controller'], packages: [], isPure: false },
  proxy: { layers: ['api', 'rules', 'proxy'], packages: [], isPure: false },
  settings: {
    layers: ['api', 'rules', 'settings'],
    packages: ['node:net', 'node:util'],
    isPure: false,
  },
  adapters: {
    layers: ['api', 'rules', 'admission', 'controller', 'proxy', 'adapters'],
    packages: ['*'],
    isPure: false,
  },
  processes: {
    layers: [
      ...['api', 'rules', 'admission', 'controller', 'proxy', 'adapters', 'settings'],
      'processes',
    ],
    packages: ['*'],
    isPure: false,
  },
  commands: {
    layers: [
      ...['api', 'rules', 'admission', 'controller', 'proxy', 'adapters', 'settings', 'processes'],
      'commands',
    ],
    packages: ['*'],
    isPure: false,
  },
  'main.ts': { layers: ['commands'], packages: [], isPure: false },
};

/** Globals through which code that imports nothing still reaches the outside. */
const impureGlobals =
  /\b(process|console|performance|crypto|fetch|globalThis|setTimeout|setInterval|setImmediate|queueMicrotask|Date|Buffer)\b|\bMath\.random\b/g;

/** What a module imports, statically or not: the second group is its specifier. */
export const importPattern = /(?:\bfrom\s*|\bimport\s*\(?\s*)(['"])([^'"]+)\1/g;

/**
 * What breaks the import directions, one sentence each.
 *
 * @param sources path below `src`, and content
 */
export function importViolations(sources: ReadonlyMap<string, string>): string[] {
  const violations: string[] = [];
  for (const [path, code] of sources) {
    const name = layerOf(path);
    const layer = layers[name];
    if (layer === undefined) {
      violations.push(`${path}: belongs to no layer`);
      continue;
    }
    for (const [, , specifier] of withoutComments(code).matchAll(importPattern)) {
      if (specifier === undefined) continue;
      if (specifier.startsWith('.')) {
        const target = layerOf(posix.join(posix.dirname(path), specifier));
        if (!layer.layers.includes(target)) {
          violations.push(`${path}: ${name} must not import ${target} (${specifier})`);
        }
      } else if (!layer.packages.includes('*') && !layer.packages.includes(specifier)) {
        violations.push(`${path}: ${name} must not import the package ${specifier}`);
      }
    }
    if (!layer.isPure) continue;
    const plain = withoutStrings(withoutComments(code));
    for (const [used] of plain.matchAll(impureGlobals)) {
      violations.push(`${path}: ${name} must not use ${used}`);
    }
  }
  return violations;
}

function layerOf(path: string): string {
  return path.split('/', 1)[0] ?? path;
}

function withoutStrings(code: string): string {
  return code.replaceAll(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''");
}

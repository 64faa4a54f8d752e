import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { asList, type JsonObject, objectsOf } from '../../../src/api/json.ts';

export interface KubectlResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The real kubectl, kept away from the user's own configuration. */
export class Kubectl {
  readonly #program: string;
  readonly #environment: Record<string, string>;

  /** @param home folder where kubectl keeps its caches */
  constructor(program: string, kubeconfig: string, home: string) {
    this.#program = program;
    this.#environment = { KUBECONFIG: kubeconfig, HOME: home, PATH: process.env['PATH'] ?? '' };
  }

  /** Runs to the end, whatever comes of it. */
  async try(args: readonly string[], input?: readonly JsonObject[]): Promise<KubectlResult> {
    const child = spawn(this.#program, args, { env: this.#environment });
    const output = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    child.stdin.on('error', () => undefined);
    child.stdin.end(input === undefined ? '' : JSON.stringify(listOf(input)));
    const [stdout, stderr, [code]] = await output;
    return { code, stdout, stderr };
  }

  /** Runs, and returns standard output and error. @throws when kubectl fails, with what it said */
  async run(args: readonly string[], input?: readonly JsonObject[]): Promise<string> {
    const { code, stdout, stderr } = await this.try(args, input);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}${stdout}`);
    return `${stdout}${stderr}`;
  }

  /** One object as JSON, managedFields included. */
  async get(resource: string, name: string, namespace: string): Promise<JsonObject> {
    return this.#json(['get', resource, name, '-n', namespace]);
  }

  /** The objects of a kind in a namespace. */
  async list(resource: string, namespace: string, selector?: string): Promise<JsonObject[]> {
    const filter = selector === undefined ? [] : ['-l', selector];
    const list = await this.#json(['get', resource, '-n', namespace, ...filter]);
    return objectsOf(asList(list['items'])).map(({ item }) => item);
  }

  async #json(args: readonly string[]): Promise<JsonObject> {
    const { code, stdout, stderr } = await this.try([
      ...args,
      ...['-o', 'json', '--show-managed-fields'],
    ]);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
    return JSON.parse(stdout);
  }
}

function listOf(items: readonly JsonObject[]): JsonObject {
  const [only] = items;
  return items.length === 1 && only !== undefined
    ? only
    : { apiVersion: 'v1', kind: 'List', items: [...items] };
}

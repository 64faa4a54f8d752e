import { describe, expect, it } from 'vitest';
import { memorySource } from '../../src/adapters/store/memory-source.ts';
import { ObjectIndex } from '../../src/adapters/store/object-index.ts';
import { findFunction } from '../../src/admission/find-function.ts';
import type { FunctionSource } from '../../src/admission/function-source.ts';
import { type FunctionModel, readFunction } from '../../src/api/function.ts';

function functionNamed(name: string): FunctionModel {
  const fn = readFunction(
    { apiVersion: 'core.openfunction.io/v1beta2', kind: 'Function', metadata: { name } },
    'shop',
  );
  if (fn === undefined) throw new Error('not a Function');
  return fn;
}

const claim = { kind: 'function', name: 'orders' } as const;
const servingClaim = { kind: 'serving', name: 'serving-abcde' } as const;

function sourceOver(index: ObjectIndex, overrides: Partial<FunctionSource>): FunctionSource {
  return { ...memorySource(index), ...overrides };
}

const unexpected = async (): Promise<never> => {
  throw new Error('asked for more than was needed');
};

describe('findFunction', () => {
  it('answers from memory without waiting or reading', async () => {
    const index = new ObjectIndex();
    index.functions.set(functionNamed('orders'));
    const source = sourceOver(index, {
      waitFor: unexpected,
      readFunction: unexpected,
      readServing: unexpected,
    });
    expect(await findFunction(source, 'shop', claim)).toMatchObject({ name: 'orders' });
  });

  it('does not look into another namespace', async () => {
    const index = new ObjectIndex();
    index.functions.set(functionNamed('orders'));
    expect(await findFunction(memorySource(index), 'other', claim)).toBeUndefined();
  });

  it('goes through the Serving to the Function', async () => {
    const index = new ObjectIndex();
    index.functions.set(functionNamed('orders'));
    index.servings.set({ namespace: 'shop', name: 'serving-abcde', function: 'orders' });
    expect(await findFunction(memorySource(index), 'shop', servingClaim)).toMatchObject({
      name: 'orders',
    });
  });

  it('waits for a Function that comes together with its Pod', async () => {
    const index = new ObjectIndex();
    const source = sourceOver(index, {
      waitFor: (find, timeoutMs) => {
        const found = index.waitFor(find, timeoutMs);
        index.functions.set(functionNamed('orders'));
        return found;
      },
      readFunction: unexpected,
    });
    expect(await findFunction(source, 'shop', claim)).toMatchObject({ name: 'orders' });
  });

  it('waits at most 100 ms, then reads once with 500 ms to spare', async () => {
    const waits: number[] = [];
    let reads = 0;
    const source = sourceOver(new ObjectIndex(), {
      waitFor: async (_find, timeoutMs) => {
        waits.push(timeoutMs);
        return undefined;
      },
      readFunction: async (_namespace, name) => {
        reads += 1;
        return functionNamed(name);
      },
    });
    expect(await findFunction(source, 'shop', claim)).toMatchObject({ name: 'orders' });
    expect([waits, reads]).toEqual([[100], 1]);
  });

  it('gives up when the API server hangs', async () => {
    const source = sourceOver(new ObjectIndex(), {
      waitFor: async () => undefined,
      readFunction: (_namespace, _name, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
    });
    expect(await findFunction(source, 'shop', claim)).toBeUndefined();
  });

  it('gives up when the API server refuses', async () => {
    const source = sourceOver(new ObjectIndex(), {
      waitFor: async () => undefined,
      readServing: unexpected,
    });
    expect(await findFunction(source, 'shop', servingClaim)).toBeUndefined();
  });

  it('reads the Serving and then the Function', async () => {
    const source = sourceOver(new ObjectIndex(), {
      waitFor: async () => undefined,
      readServing: async (namespace, name) => ({ namespace, name, function: 'orders' }),
      readFunction: async (_namespace, name) => functionNamed(name),
    });
    expect(await findFunction(source, 'shop', servingClaim)).toMatchObject({ name: 'orders' });
  });
});

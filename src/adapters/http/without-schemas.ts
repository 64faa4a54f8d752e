import type { FastifyServerOptions } from 'fastify';

const refuse = (): never => {
  throw new Error('no route of this project has a schema for Fastify');
};

/**
 * For servers whose routes have no schemas: what they get is read by rules of our
 * own. Fastify else loads a compiler for schemas at the start of every process,
 * which takes longer than all the rest of it.
 */
export const withoutSchemas = {
  schemaController: { compilersFactory: { buildValidator: refuse, buildSerializer: refuse } },
} satisfies FastifyServerOptions;

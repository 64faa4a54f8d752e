import { beforeAll, describe } from 'vitest';
import { ensureDaprProgram } from './assets/ensure-dapr-program.ts';
import { ensureGoFunction } from './assets/ensure-go-function.ts';
import { bindingAnswersSuite } from './suites/proxy/binding-answers.ts';
import { goFunctionSuite } from './suites/proxy/go-function.ts';
import { noEventLostSuite } from './suites/proxy/no-event-lost.ts';
import { ownGrpcServiceSuite } from './suites/proxy/own-grpc-service.ts';
import { podsByNameSuite } from './suites/proxy/pods-by-name.ts';
import { realDaprdSuite } from './suites/proxy/real-daprd.ts';
import { restartsSuite } from './suites/proxy/restarts.ts';

let program = '';
let goFunction = '';

beforeAll(async () => {
  const options = {
    environment: process.env,
    log: (line: string) => process.stderr.write(`${line}\n`),
  };
  program = await ensureDaprProgram('daprd', options);
  goFunction = await ensureGoFunction(options);
});

describe.each(['grpc', 'http'] as const)('over %s', (protocol) => {
  describe('a real daprd', () => realDaprdSuite(() => program, protocol));
  describe("functions of OpenFunction's framework for Go", () =>
    goFunctionSuite(() => ({ daprd: program, goFunction }), protocol));
  describe('restarts', () => restartsSuite(() => program, protocol));
  describe('no event lost', () => noEventLostSuite(protocol));
  // Linux alone has every address of 127.0.0.0/8.
  describe.runIf(process.platform === 'linux')('pods by name', () => podsByNameSuite(protocol));
});

describe("gRPC services of the function's own", () => ownGrpcServiceSuite(() => program));

describe('what a function answers to bindings over gRPC', () => bindingAnswersSuite(() => program));

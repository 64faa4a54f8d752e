import { totalmem } from 'node:os';
import { createLineLog, type Log } from '../adapters/line-log.ts';
import { EnvVar } from '../api/keys.ts';
import { keepHeapSmall } from '../processes/keep-heap-small.ts';
import { type PodSource, type RunningProxy, startProxy } from '../processes/proxy.ts';
import { type EventInputs, readEventInputs } from '../rules/delivery/event-inputs.ts';
import { defaultMaxHeldBytes } from '../rules/delivery/message-size.ts';
import * as common from '../settings/common-options.ts';
import * as options from '../settings/data-plane-options.ts';
import type { SettingsOf } from '../settings/option.ts';
import { type CommandIo, defineCommand, ExitCode } from './command.ts';
import { explainStartFailure } from './process-lifetime.ts';

const proxyOptions = {
  ...options,
  healthPort: common.healthPort,
  listenAddress: common.listenAddress,
  settingsFile: common.settingsFile,
  logLevel: common.logLevel,
};

type ProxyOptions = SettingsOf<typeof proxyOptions>;

/** The kubelet's SIGKILL comes when the grace period is over; the end has to come before it. */
const spareSeconds = 0.5;

export const proxyCommand = defineCommand({
  name: 'proxy',
  description:
    "Stands in for a Function's pods in front of daprd: listens on the port in FUNC_CONTEXT, tells daprd what the Function subscribes to, and brings what daprd delivers to the pods. As the controller runs it, all settings come from the environment: FUNC_CONTEXT and FUNC_CONTEXT_V1BETA2 say what events the Function takes, APP_API_TOKEN, which has no flag, what token daprd has to show.",
  examples: [
    'FUNC_CONTEXT=\'{"name":"orders","runtime":"Async","port":"8080","inputs":{"in":{"uri":"orders","componentName":"kafka","componentType":"pubsub.kafka"}}}\' npm start -- proxy --app-protocol http --function-endpoints 127.0.0.1:9000',
  ],
  options: proxyOptions,
  async run(settings, io) {
    const read = readEventInputs(
      io.environment[EnvVar.funcContext],
      io.environment[EnvVar.funcContextV1beta2],
    );
    const problem = 'problem' in read ? read.problem : podsProblem(read.inputs, settings);
    if ('problem' in read || problem !== undefined) {
      io.stderr.write(`proxy: ${problem}\n`);
      return ExitCode.usage;
    }
    const log = createLineLog(settings.logLevel, (line) => io.stdout.write(line));
    const maxHeldSize =
      settings.maxHeldSize ?? defaultMaxHeldBytes(process.constrainedMemory(), totalmem());
    const effective = { ...settings, maxHeldSize };
    log.info({ settings: effective, inputs: read.inputs }, 'starting');
    for (const warning of read.warnings) log.warn(warning);
    const running = await start(read.inputs, effective, io, log);
    if (running === undefined) return ExitCode.failed;
    // Before the first probe is answered, so that nobody waits for it.
    keepHeapSmall();
    return serve(running, settings, io, log);
  },
});

/** Events without anywhere to bring them would wait for ever. */
function podsProblem({ kind }: EventInputs, settings: ProxyOptions): string | undefined {
  const { functionHost, functionEndpoints } = settings;
  if (functionHost !== undefined && functionEndpoints.length > 0) {
    return '--function-host (FUNCTION_HOST) and --function-endpoints (FUNCTION_ENDPOINTS): give one of them';
  }
  if (kind === 'async' && functionHost === undefined && functionEndpoints.length === 0) {
    return 'an async Function needs to know where its pods are: --function-host (FUNCTION_HOST) or --function-endpoints (FUNCTION_ENDPOINTS)';
  }
  return undefined;
}

async function start(
  inputs: EventInputs,
  settings: ProxyOptions & { readonly maxHeldSize: number },
  { environment }: CommandIo,
  log: Log,
): Promise<RunningProxy | undefined> {
  const { appProtocol, appTokenOnEvents, gracePeriod } = settings;
  try {
    return await startProxy(
      {
        ...settings,
        protocol: appProtocol,
        inputs,
        pods: podsOf(inputs, settings),
        token: environment[EnvVar.appApiToken],
        isTokenOnEvents: appTokenOnEvents,
        gracePeriod: Math.max(0, gracePeriod - spareSeconds),
      },
      log,
    );
  } catch (error) {
    log.fatal({ err: error }, `cannot start: ${explain(error, inputs, settings)}`);
    return undefined;
  }
}

function explain(error: unknown, inputs: EventInputs, { healthPort }: ProxyOptions): string {
  const { code, port } = error as NodeJS.ErrnoException & { port?: number };
  const isAppPort = code === 'EADDRINUSE' && port === inputs.port && port !== healthPort;
  return isAppPort
    ? `port ${port} is taken; it is the one in FUNC_CONTEXT, where daprd expects its app`
    : explainStartFailure(error, { healthPort });
}

function podsOf({ port }: EventInputs, settings: ProxyOptions): PodSource {
  const { functionHost, functionPort, functionEndpoints, dnsServers } = settings;
  if (functionEndpoints.length > 0) return { kind: 'fixed', endpoints: functionEndpoints };
  if (functionHost === undefined) return { kind: 'none' };
  return { kind: 'dns', host: functionHost, port: functionPort ?? port, servers: dnsServers };
}

async function serve(
  { port, healthPort, stop }: RunningProxy,
  { gracePeriod }: ProxyOptions,
  { stopRequested }: CommandIo,
  log: Log,
): Promise<number> {
  const requested = stopRequested();
  log.info({ port, healthPort }, 'listening');
  log.info({ signal: await requested }, 'stopping when daprd is done');
  const left = await stop();
  if (left === 0) {
    log.info('stopped');
    return ExitCode.ok;
  }
  log.error({ gracePeriod, left }, 'events in flight did not finish in time; cut off');
  return ExitCode.failed;
}

import { memorySettings } from '../../src/rules/proxy/proxy-deployment.ts';
import { topicOfBench } from './events.ts';
import { MeasuredProcess } from './measured-process.ts';
import { freePorts, isReady, product } from './processes.ts';
import type { Tools } from './tools.ts';

export interface DataPlaneOptions {
  readonly protocol: 'http' | 'grpc';
  /** Where the pods listen. */
  readonly podPorts: readonly number[];
  readonly core: number;
}

/** The product's `proxy` in front of pods, ready, with what the controller sets for its memory. */
export async function startDataPlane(
  tools: Tools,
  { protocol, podPorts, core }: DataPlaneOptions,
): Promise<{ readonly process: MeasuredProcess; readonly port: number }> {
  const [port = 0, healthPort = 0] = await freePorts(2);
  const context = {
    name: 'orders',
    version: 'v1',
    runtime: 'Async',
    port: String(port),
    inputs: {
      in: {
        uri: topicOfBench.topic,
        componentName: topicOfBench.pubsub,
        componentType: 'pubsub.kafka',
      },
    },
  };
  const started = new MeasuredProcess(tools, [...product, 'proxy'], {
    core,
    environment: {
      ...memorySettings,
      FUNC_CONTEXT: JSON.stringify(context),
      APP_PROTOCOL: protocol,
      FUNCTION_ENDPOINTS: podPorts.map((podPort) => `127.0.0.1:${podPort}`).join(','),
      HEALTH_PORT: String(healthPort),
      LISTEN_ADDRESS: '127.0.0.1',
      GRACE_PERIOD: '1',
    },
  });
  await started.until(() => isReady(healthPort));
  return { process: started, port };
}

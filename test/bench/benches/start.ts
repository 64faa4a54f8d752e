import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureLocalCertificates } from '../../../src/adapters/tls/local-certificates.ts';
import { alternate } from '../alternate.ts';
import type { Bench } from '../bench.ts';
import { comparedFigure } from '../figure.ts';
import { MeasuredProcess } from '../measured-process.ts';
import { freePorts, isReady, node, product } from '../processes.ts';
import { productEnvironment } from '../product-environment.ts';
import { benchFunction } from '../reviews.ts';

/** From the start of a process until it says that it is ready. */
export const startBench: Bench = {
  name: 'start',
  description: 'time from start to ready',
  needs: [],
  async run(context) {
    const { tools, folder } = context;
    const certificates = join(folder, 'certs');
    const functions = join(folder, 'functions');
    await mkdir(functions, { recursive: true });
    await ensureLocalCertificates(certificates, new Date());
    await writeFile(join(functions, 'function.json'), JSON.stringify(benchFunction));
    const environment = await productEnvironment();

    const ours = async (): Promise<number> => {
      const [port = 0, healthPort = 0] = await freePorts(2);
      const startedAt = performance.now();
      const started = new MeasuredProcess(
        tools,
        [
          ...[...product, 'webhook', '--offline', '-f', functions, '--cert-dir', certificates],
          ...['--listen-address', '127.0.0.1', '--port', `${port}`],
          ...['--health-port', `${healthPort}`],
        ],
        { core: 0, environment },
      );
      await started.until(() => isReady(healthPort));
      const milliseconds = performance.now() - startedAt;
      await started.stop();
      return milliseconds;
    };
    const theirs = async (): Promise<number> => {
      const startedAt = performance.now();
      const started = new MeasuredProcess(tools, [node, '-e', '0'], { core: 0 });
      await started.ended();
      return performance.now() - startedAt;
    };
    const rounds = await alternate(context, { ours, theirs });
    return [
      comparedFigure(
        {
          id: 'start/webhook',
          what: 'start of `webhook --offline` to ready',
          unit: 'ms',
          goal: { atMost: 8 },
        },
        '`node -e 0`',
        rounds,
      ),
    ];
  },
};

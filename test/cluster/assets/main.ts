import { delimiter, dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { AssetsError } from './assets-error.ts';
import { readDaprModule } from './dapr-module.ts';
import { formatDuration } from './elapsed-time.ts';
import { ensureAssets } from './ensure-assets.ts';
import { ensureDaprProgram } from './ensure-dapr-program.ts';
import { ensureGoFunction } from './ensure-go-function.ts';
import { ensureHelm } from './ensure-helm.ts';
import { readHelmModule } from './helm-module.ts';
import { readPinnedVersions } from './pinned-versions.ts';

const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    // Whoever asks twice does not want to wait.
    if (stop.signal.aborted) process.exit(1);
    stop.abort();
  });
}

process.exitCode = await run(process.argv.slice(2));

async function run(args: readonly string[]): Promise<number> {
  const parsed = readArguments(args);
  if ('problem' in parsed) {
    process.stderr.write(`${parsed.problem}; see --help\n`);
    return 2;
  }
  if (parsed.help) {
    process.stdout.write(await help());
    return 0;
  }
  const startedAtMs = performance.now();
  const log = (line: string) => process.stderr.write(`assets: ${line}\n`);
  try {
    const options = { environment: process.env, log, stopSignal: stop.signal };
    const paths = await ensureAssets(options);
    await ensureHelm(options);
    await ensureDaprProgram('injector', options);
    await ensureDaprProgram('daprd', options);
    await ensureGoFunction(options);
    const folders = new Set(Object.values(paths).map((path: string) => dirname(path)));
    log(`ready after ${formatDuration(performance.now() - startedAtMs)}`);
    process.stdout.write(`${[...folders].join(delimiter)}\n`);
    return 0;
  } catch (error) {
    if (stop.signal.aborted) log('stopped');
    else if (error instanceof AssetsError) process.stderr.write(`${error.message}\n`);
    else throw error;
    return 1;
  }
}

function readArguments(
  args: readonly string[],
): { readonly help: boolean } | { readonly problem: string } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { help: { type: 'boolean', short: 'h', default: false } },
    });
    return values;
  } catch (error) {
    return { problem: (error as Error).message };
  }
}

async function help(): Promise<string> {
  const { kubernetes, etcd, go } = await readPinnedVersions();
  const dapr = await readDaprModule();
  const { helm } = await readHelmModule();
  return `Brings etcd ${etcd} and the kube-apiserver, kube-controller-manager and kubectl of
Kubernetes ${kubernetes} for the tests that need a cluster, and prints their folder
(several, joined as in PATH, when some come from KUBEBUILDER_ASSETS).

Usage: npm run assets

Each program comes from the first of these that has it:
  1. the folder in KUBEBUILDER_ASSETS, if its versions go together with the rest
  2. the cache: openfunction-dapr-webhook/ in XDG_CACHE_HOME, or else in ~/.cache
  3. the releases at dl.k8s.io and github.com, checked against their checksums
  4. a build from Go modules, with Go ${go} or newer, through the module proxy in GOPROXY

Beside them the cache gets Helm ${helm}, two programs made of Dapr ${dapr.version}, and a function
with OpenFunction's framework for Go. The two are one that does with Pods what the
sidecar injector does, and the sidecar, daprd, with a few components. All of these are
always built, with Go ${dapr.go} or newer.

Two runs at once do the work once: the second waits for the first.
`;
}

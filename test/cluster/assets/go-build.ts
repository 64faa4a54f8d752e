import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { AssetSource, Environment, SourceContext } from './asset-source.ts';
import { withElapsedTime } from './elapsed-time.ts';
import { programsFolder } from './pinned-versions.ts';
import type { ProgramName } from './program-names.ts';
import { runTool } from './run-tool.ts';
import { findVersionNumber, formatVersion, isOlder, type VersionNumber } from './version-number.ts';

const packages: Readonly<Record<ProgramName, string>> = {
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
  kubectl: 'k8s.io/kubernetes/cmd/kubectl',
};

/** What Go calls the program that it makes of etcd's package. */
const etcdOutput = 'server';

/** Both have a copy of the version: one is served at `/version`, the other is sent as the user agent. */
const versionPackages = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'];

/** Since this version Go fetches a newer Go by itself when a module asks for one. */
const firstSwitchingGo: VersionNumber = { major: 1, minor: 21, patch: 0 };

/** Enough to see what is wrong, little enough for a list of reasons. */
const quotedErrorLines = 8;

/** The programs built from the pinned modules, through whatever module proxy Go is set to use. */
export const goBuild: AssetSource = {
  name: 'a build from Go modules',
  async bring(wanted, folder, context) {
    const toolchain = await chooseToolchain(folder, context);
    if ('problem' in toolchain) return [toolchain.problem];
    // All in one command: the linkers of the first programs run beside the
    // compilers of the last.
    const args = [
      'build',
      '-trimpath',
      '-buildvcs=false',
      '-ldflags',
      linkerFlags(context.versions.kubernetes),
      '-o',
      `${folder}/`,
      ...wanted.map((name) => packages[name]),
    ];
    context.log('the first build takes many minutes, a later one far less');
    const result = await withElapsedTime(
      `building ${wanted.join(', ')} with Go ${toolchain.version}`,
      context.log,
      () =>
        runTool('go', args, {
          environment: buildEnvironment(context, toolchain.setting),
          folder: programsFolder,
          stopSignal: context.stopSignal,
        }),
    );
    if (typeof result === 'string') return [`go cannot be started (${result})`];
    if (result.exitCode !== 0) return [`go build failed:\n${lastLines(result.stderr)}`];
    if (wanted.includes('etcd')) await rename(join(folder, etcdOutput), join(folder, 'etcd'));
    return [];
  },
};

type Toolchain =
  | { readonly version: string; readonly setting: string }
  | { readonly problem: string };

/** The Go that is installed if it is new enough, so that none is fetched for nothing. */
async function chooseToolchain(folder: string, context: SourceContext): Promise<Toolchain> {
  const required = context.versions.go;
  const result = await runTool('go', ['version'], {
    environment: { ...context.environment, GOTOOLCHAIN: 'local', GOWORK: 'off' },
    // Not in the module, whose go.mod an old Go cannot even read.
    folder,
    stopSignal: context.stopSignal,
  });
  if (typeof result === 'string') return { problem: `there is no go on the PATH (${result})` };
  const installed = findVersionNumber(result.stdout);
  const needed = findVersionNumber(required);
  if (result.exitCode !== 0 || installed === undefined || needed === undefined) {
    return { problem: `go version failed:\n${lastLines(result.stderr)}` };
  }
  const version = formatVersion(installed);
  if (!isOlder(installed, needed)) return { version, setting: 'local' };
  if (isOlder(installed, firstSwitchingGo)) {
    return { problem: `Go ${version} is installed, ${required} or newer is needed` };
  }
  // Distributions set `local` in Go's own settings; only the user's variable overrules.
  const setting = context.environment['GOTOOLCHAIN'] || 'auto';
  context.log(`Go ${version} is installed, ${required} is needed: it fetches that one by itself`);
  return { version: required, setting };
}

function buildEnvironment(context: SourceContext, toolchain: string): Environment {
  const { environment, platform } = context;
  return {
    ...environment,
    // A setting that is empty falls back to the one of `go env -w`, hence a value for each.
    GOFLAGS: '-mod=readonly',
    GO111MODULE: 'on',
    GOWORK: 'off',
    GOTOOLCHAIN: toolchain,
    GOOS: platform.os,
    GOARCH: platform.architecture,
    CGO_ENABLED: '0',
  };
}

/** A build from modules knows no Git tag; without these the server would call itself v0.0.0. */
function linkerFlags(version: string): string {
  const number = findVersionNumber(version);
  const values = { gitVersion: version, gitMajor: number?.major, gitMinor: number?.minor };
  const settings = versionPackages.flatMap((path) =>
    Object.entries(values).map(([name, value]) => `-X ${path}.${name}=${value}`),
  );
  return ['-s', '-w', ...settings].join(' ');
}

function lastLines(text: string): string {
  const lines = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('go: downloading'));
  // One for each package that a module is missing for, otherwise.
  return [...new Set(lines)].slice(-quotedErrorLines).join('\n');
}

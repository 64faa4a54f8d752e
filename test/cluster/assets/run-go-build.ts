import type { Environment, SourceContext } from './asset-source.ts';
import { withElapsedTime } from './elapsed-time.ts';
import { runTool } from './run-tool.ts';
import { findVersionNumber, formatVersion, isOlder, type VersionNumber } from './version-number.ts';

/** Since this version Go fetches a newer Go by itself when a module asks for one. */
const firstSwitchingGo: VersionNumber = { major: 1, minor: 21, patch: 0 };

/** Enough to see what is wrong, little enough for a list of reasons. */
const quotedErrorLines = 8;

export type GoBuildContext = Pick<SourceContext, 'platform' | 'environment' | 'log' | 'stopSignal'>;

export interface GoBuild {
  /** What is built, in words. */
  readonly what: string;
  /** How long it takes, in words. */
  readonly duration: string;
  /** Folder of the module; the build does not write into it. */
  readonly module: string;
  /** The oldest Go that builds it, without a `v`. */
  readonly go: string;
  readonly linkerFlags: string;
  /** A file for one package, a folder that ends in a slash for several. */
  readonly output: string;
  readonly packages: readonly string[];
}

/**
 * Builds packages of a module, through whatever module proxy Go is set to use.
 *
 * @param folder one that is there and is in no module
 * @returns why it could not be done; nothing when it was
 */
export async function runGoBuild(
  { what, duration, module, go, linkerFlags, output, packages }: GoBuild,
  folder: string,
  context: GoBuildContext,
): Promise<readonly string[]> {
  const toolchain = await chooseToolchain(go, folder, context);
  if ('problem' in toolchain) return [toolchain.problem];
  // All in one command: the linkers of the first programs run beside the
  // compilers of the last.
  const args = [
    ...['build', '-trimpath', '-buildvcs=false'],
    ...['-ldflags', linkerFlags, '-o', output, ...packages],
  ];
  context.log(duration);
  const result = await withElapsedTime(
    `building ${what} with Go ${toolchain.version}`,
    context.log,
    () =>
      runTool('go', args, {
        environment: buildEnvironment(context, toolchain.setting),
        folder: module,
        stopSignal: context.stopSignal,
      }),
  );
  if (typeof result === 'string') return [`go cannot be started (${result})`];
  return result.exitCode === 0 ? [] : [`go build failed:\n${lastLines(result.stderr)}`];
}

type Toolchain =
  | { readonly version: string; readonly setting: string }
  | { readonly problem: string };

/** The Go that is installed if it is new enough, so that none is fetched for nothing. */
async function chooseToolchain(
  required: string,
  folder: string,
  context: GoBuildContext,
): Promise<Toolchain> {
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

function buildEnvironment(context: GoBuildContext, toolchain: string): Environment {
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

function lastLines(text: string): string {
  const lines = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('go: downloading'));
  // One for each package that a module is missing for, otherwise.
  return [...new Set(lines)].slice(-quotedErrorLines).join('\n');
}

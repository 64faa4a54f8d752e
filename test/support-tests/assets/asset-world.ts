import { appendFile, chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type AssetPaths,
  type EnsureAssetsOptions,
  ensureAssets,
} from '../../cluster/assets/ensure-assets.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { pinned } from './pinned.ts';
import { unreachableReleases } from './release-server.ts';

/** As kubebuilder's own folder has them. */
export const kubebuilderPrograms = ['etcd', 'kube-apiserver', 'kubectl'];

export const newEnoughGo = `go${pinned.go}`;

/** Below whatever is the user's cache folder. */
export const cacheSubfolder = `openfunction-dapr-webhook/${pinned.kubernetes}-linux-amd64`;

/** Where the fake Go finds what a shell script needs, and no Go of the machine. */
const systemPath = '/usr/bin:/bin';

/** A machine with a home, a PATH and perhaps a Go of its own. */
export class AssetWorld {
  readonly folder: string;
  readonly log: string[] = [];

  static async create(): Promise<AssetWorld> {
    return new AssetWorld(await temporaryFolder());
  }

  private constructor(folder: string) {
    this.folder = folder;
  }

  get cacheFolder(): string {
    return join(this.folder, 'cache', cacheSubfolder);
  }

  get lockPath(): string {
    return `${this.cacheFolder}.lock`;
  }

  /** No source at all, until a test adds one. */
  get environment(): Record<string, string> {
    return {
      HOME: this.folder,
      XDG_CACHE_HOME: join(this.folder, 'cache'),
      PATH: join(this.folder, 'bin'),
    };
  }

  /** The same, where programs such as tar are found. */
  get environmentWithTools(): Record<string, string> {
    const environment = this.environment;
    return { ...environment, PATH: `${environment['PATH']}:${systemPath}` };
  }

  ensure(options: Partial<EnsureAssetsOptions> = {}): Promise<AssetPaths> {
    return ensureAssets({
      environment: this.environment,
      log: (line) => this.log.push(line),
      releases: unreachableReleases,
      platform: { os: 'linux', architecture: 'amd64' },
      ...options,
    });
  }

  /** Programs that tell their version and do nothing else. */
  async addPrograms(
    folder: string,
    names: readonly string[],
    versionText: string,
  ): Promise<string> {
    const path = join(this.folder, folder);
    await mkdir(path, { recursive: true });
    for (const name of names) await writeScript(join(path, name), `echo '${versionText}'`);
    return path;
  }

  /** A Go whose build takes a moment and makes programs that print where they come from. */
  async addGo(version = newEnoughGo, whenBuilding = ''): Promise<void> {
    await mkdir(join(this.folder, 'bin'), { recursive: true });
    await writeScript(
      join(this.folder, 'bin/go'),
      `if [ "$1" = version ]; then echo 'go version ${version} linux/amd64'; exit; fi
echo "GOFLAGS=$GOFLAGS GOTOOLCHAIN=$GOTOOLCHAIN CGO_ENABLED=$CGO_ENABLED $*" >>'${this.#goCalls}'
${whenBuilding}
sleep 0.2
while [ $# -gt 0 ]; do
  case "$1" in
    -o) folder=$2; shift ;;
    go.etcd.io/etcd/server/v3) echo built >"\${folder}server" ;;
    k8s.io/kubernetes/cmd/*) echo built >"$folder\${1##*/}" ;;
    . | ./* | helm.sh/*) echo built >"$folder" && chmod 755 "$folder" ;;
  esac
  shift
done`,
    );
    await appendFile(this.#goCalls, '');
  }

  /** The builds that were asked of Go, each with what matters of its environment. */
  async builds(): Promise<string[]> {
    const text = await readFile(this.#goCalls, 'utf8');
    return text.split('\n').filter((line) => line !== '');
  }

  get #goCalls(): string {
    return join(this.folder, 'go-calls');
  }
}

async function writeScript(path: string, body: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
}

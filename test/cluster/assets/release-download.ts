import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { AssetSource, SourceContext } from './asset-source.ts';
import {
  DownloadError,
  type DownloadOptions,
  downloadFile,
  downloadText,
} from './download-file.ts';
import { withElapsedTime } from './elapsed-time.ts';
import type { ProgramName } from './program-names.ts';
import { findPublishedChecksum } from './published-checksum.ts';
import { runTool } from './run-tool.ts';

export interface ReleaseSite {
  readonly kubernetesUrl: string;
  readonly etcdUrl: string;
  readonly answerTimeoutMs: number;
  readonly stallTimeoutMs: number;
}

export const upstreamReleases: ReleaseSite = {
  kubernetesUrl: 'https://dl.k8s.io',
  etcdUrl: 'https://github.com/etcd-io/etcd/releases/download',
  // Short, because a machine that may not reach the internet often has its
  // packets dropped rather than refused, and a build is waiting to be tried.
  answerTimeoutMs: 5_000,
  stallTimeoutMs: 30_000,
};

/** The programs as their projects release them, each checked against its published checksum. */
export function createReleaseDownload(site: ReleaseSite): AssetSource {
  return {
    name: `downloads from ${site.kubernetesUrl} and ${site.etcdUrl}`,
    async bring(wanted, folder, context) {
      const download = new ReleaseDownload(site, folder, context);
      const problems = await Promise.all([
        download.bringKubernetes(wanted.filter((name) => name !== 'etcd')),
        wanted.includes('etcd') ? download.bringEtcd() : undefined,
      ]);
      return problems.flatMap((problem) => problem ?? []);
    },
  };
}

class ReleaseDownload {
  readonly #site: ReleaseSite;
  readonly #folder: string;
  readonly #context: SourceContext;
  readonly #options: DownloadOptions;

  constructor(site: ReleaseSite, folder: string, context: SourceContext) {
    this.#site = site;
    this.#folder = folder;
    this.#context = context;
    this.#options = { ...site, stopSignal: context.stopSignal };
  }

  async bringKubernetes(wanted: readonly ProgramName[]): Promise<string[]> {
    const { platform, versions } = this.#context;
    const released = wanted.filter((name) => platform.os === 'linux' || name === 'kubectl');
    const unreleased = wanted.filter((name) => !released.includes(name));
    const problems = unreleased.map((name) => `Kubernetes releases no ${name} for ${platform.os}`);
    for (const name of released) {
      const url = `${this.#site.kubernetesUrl}/${versions.kubernetes}/bin/${platform.os}/${platform.architecture}/${name}`;
      const problem = await this.#reportFailure(async () => {
        const sum = await this.#checksum(`${url}.sha256`, name);
        const partial = join(this.#folder, `${name}.partial`);
        await this.#download(`${name} ${versions.kubernetes}`, url, partial, sum);
        await rename(partial, join(this.#folder, name));
      });
      if (problem === undefined) continue;
      problems.push(problem);
      // The others are on the same host: no use in waiting for it once more.
      break;
    }
    return problems;
  }

  bringEtcd(): Promise<string | undefined> {
    const { platform, versions } = this.#context;
    const release = `etcd-${versions.etcd}-${platform.os}-${platform.architecture}`;
    const archive = `${release}.${platform.os === 'linux' ? 'tar.gz' : 'zip'}`;
    const base = `${this.#site.etcdUrl}/${versions.etcd}`;
    return this.#reportFailure(async () => {
      const sum = await this.#checksum(`${base}/SHA256SUMS`, archive);
      const path = join(this.#folder, archive);
      await this.#download(`etcd ${versions.etcd}`, `${base}/${archive}`, path, sum);
      await this.#unpack(path, `${release}/etcd`);
      await rename(join(this.#folder, release, 'etcd'), join(this.#folder, 'etcd'));
      await rm(path);
    });
  }

  async #checksum(url: string, fileName: string): Promise<string> {
    const sum = findPublishedChecksum(await downloadText(url, this.#options), fileName);
    if (sum === undefined) throw new DownloadError(`${url} has no SHA-256 of ${fileName}`);
    return sum;
  }

  #download(what: string, url: string, path: string, sum: string): Promise<void> {
    return withElapsedTime(`downloading ${what}`, this.#context.log, () =>
      downloadFile(url, path, sum, this.#options),
    );
  }

  /** With the system's tar, since macOS' own also reads the zip files that etcd releases for it. */
  async #unpack(archive: string, member: string): Promise<void> {
    const result = await runTool(
      'tar',
      ['-xf', archive, '-C', this.#folder, member],
      this.#context,
    );
    if (typeof result === 'string') throw new DownloadError(`tar cannot be started (${result})`);
    if (result.exitCode !== 0) {
      throw new DownloadError(`${archive} has no ${member}: ${result.stderr.trim()}`);
    }
  }

  /** Only what the network did is a reason to try another source; a full disk, say, is not. */
  async #reportFailure(work: () => Promise<void>): Promise<string | undefined> {
    try {
      await work();
      return undefined;
    } catch (error) {
      if (error instanceof DownloadError) return error.message;
      throw error;
    }
  }
}

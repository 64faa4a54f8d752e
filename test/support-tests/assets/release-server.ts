import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import type { ReleaseSite } from '../../cluster/assets/release-download.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { pinned } from './pinned.ts';

const limits = { answerTimeoutMs: 2_000, stallTimeoutMs: 2_000 };

/** Nobody listens on this port, and unlike some others `fetch` does not refuse it by itself. */
export const unreachableReleases: ReleaseSite = {
  kubernetesUrl: 'http://127.0.0.1:2/kubernetes',
  etcdUrl: 'http://127.0.0.1:2/etcd',
  ...limits,
};

type Answer = Buffer | ((response: ServerResponse) => void);

/** A server of releases, on a port of its own. */
export class ReleaseServer {
  readonly answers = new Map<string, Answer>();
  readonly requests: string[] = [];
  readonly site: ReleaseSite;

  static async start(): Promise<ReleaseServer> {
    const server = createServer((request, response) => {
      const path = request.url ?? '';
      releases.requests.push(path);
      const answer = releases.answers.get(path);
      if (typeof answer === 'function') answer(response);
      else if (answer === undefined) response.writeHead(404).end();
      else response.end(answer);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const releases = new ReleaseServer(`http://127.0.0.1:${port}`);
    return releases;
  }

  private constructor(url: string) {
    this.site = { kubernetesUrl: `${url}/kubernetes`, etcdUrl: `${url}/etcd`, ...limits };
  }

  /** A program of Kubernetes with its checksum file. */
  addKubernetes(name: string, platform = 'linux/amd64'): void {
    const path = `/kubernetes/${pinned.kubernetes}/bin/${platform}/${name}`;
    const content = Buffer.from(`downloaded ${name}`);
    this.answers.set(path, content);
    this.answers.set(`${path}.sha256`, Buffer.from(sha256(content)));
  }

  /** etcd's archive with the checksum file of the release, which names other files, too. */
  async addEtcd(): Promise<void> {
    const folder = await temporaryFolder();
    const release = `etcd-${pinned.etcd}-linux-amd64`;
    await mkdir(join(folder, release));
    await writeFile(join(folder, release, 'etcd'), 'downloaded etcd');
    await writeFile(join(folder, release, 'README.md'), 'not asked for');
    const archive = `${release}.tar.gz`;
    await promisify(execFile)('tar', ['-czf', archive, release], { cwd: folder });
    const content = await readFile(join(folder, archive));
    this.answers.set(`/etcd/${pinned.etcd}/${archive}`, content);
    this.answers.set(
      `/etcd/${pinned.etcd}/SHA256SUMS`,
      Buffer.from(
        `${'0'.repeat(64)}  etcd-${pinned.etcd}-linux-arm64.tar.gz\n${sha256(content)}  ${archive}\n`,
      ),
    );
  }

  /** Everything that is released for Linux. */
  async addAll(): Promise<void> {
    for (const name of ['kube-apiserver', 'kube-controller-manager', 'kubectl']) {
      this.addKubernetes(name);
    }
    await this.addEtcd();
  }
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

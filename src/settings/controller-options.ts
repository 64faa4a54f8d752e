import * as options from './options.ts';

/** Every option of the controller that is not about the proxies it makes. */
export const controllerOptions = {
  leaderElect: options.leaderElect,
  leaseName: options.leaseName,
  leaseNamespace: options.leaseNamespace,
  concurrency: options.concurrency,
  repairMissedPods: options.repairMissedPods,
  repairRate: options.repairRate,
};

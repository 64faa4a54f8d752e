import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { AssetSource } from './asset-source.ts';
import { programsFolder } from './pinned-versions.ts';
import type { ProgramName } from './program-names.ts';
import { runGoBuild } from './run-go-build.ts';
import { findVersionNumber } from './version-number.ts';

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

/** The programs built from the pinned modules, through whatever module proxy Go is set to use. */
export const goBuild: AssetSource = {
  name: 'a build from Go modules',
  async bring(wanted, folder, context) {
    const build = {
      what: wanted.join(', '),
      duration: 'the first build takes many minutes, a later one far less',
      module: programsFolder,
      go: context.versions.go,
      linkerFlags: linkerFlags(context.versions.kubernetes),
      output: `${folder}/`,
      packages: wanted.map((name) => packages[name]),
    };
    const problems = await runGoBuild(build, folder, context);
    if (problems.length > 0) return problems;
    if (wanted.includes('etcd')) await rename(join(folder, etcdOutput), join(folder, 'etcd'));
    return [];
  },
};

/** A build from modules knows no Git tag; without these the server would call itself v0.0.0. */
function linkerFlags(version: string): string {
  const number = findVersionNumber(version);
  const values = { gitVersion: version, gitMajor: number?.major, gitMinor: number?.minor };
  const settings = versionPackages.flatMap((path) =>
    Object.entries(values).map(([name, value]) => `-X ${path}.${name}=${value}`),
  );
  return ['-s', '-w', ...settings].join(' ');
}

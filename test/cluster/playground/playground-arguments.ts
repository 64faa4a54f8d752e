import { parseArgs } from 'node:util';
import { type FunctionVersion, functionVersions } from '../../../src/api/keys.ts';

export interface PlaygroundArguments {
  /** The version at which the API server has Functions. */
  readonly functions: FunctionVersion;
  /** Folder to make; one among the temporary ones when absent. */
  readonly folder?: string;
}

/** Reads what follows the program's name on the command line. */
export function readArguments(
  args: readonly string[],
): PlaygroundArguments | { readonly help: true } | { readonly problem: string } {
  let values: { functions: string; folder?: string; help: boolean };
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        functions: { type: 'string', default: 'v1beta2' },
        folder: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }));
  } catch (error) {
    return { problem: (error as Error).message };
  }
  if (values.help) return { help: true };
  const functions = functionVersions.find((version) => version === values.functions);
  if (functions === undefined) {
    return {
      problem: `--functions: must be ${functionVersions.join(' or ')}, not "${values.functions}"`,
    };
  }
  if (values.folder === '') return { problem: '--folder: needs a path' };
  return { functions, ...(values.folder === undefined ? {} : { folder: values.folder }) };
}

export const help = `Starts a Kubernetes control plane on loopback with the CRDs, the webhook
configurations, webhook and controller, prints commands to try, and shows their
log. Ctrl-C stops all of it and removes its files.

There is no kubelet and no scheduler: Pods are made and admitted, and stay Pending.

Usage: npm run playground -- [OPTIONS]

Options:
  --functions VERSION  Version at which the API server has Functions: v1beta1 (as
                       with OpenFunction 0.8) or v1beta2 (1.1 and later). Default: v1beta2.
  --folder FOLDER      Where its files go; made, and removed at the end. Default: a
                       temporary folder.
  -h, --help           Shows this.

The programs come from where \`npm run assets\` finds them; see its --help.
`;

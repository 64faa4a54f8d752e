import { parse } from 'yaml';
import { asList, asText, at, type JsonObject, objectsOf } from '../../api/json.ts';
import type { InstallationSettings } from '../../rules/check/installation-settings.ts';
import type { Option, OptionTable, SettingsOf } from '../../settings/option.ts';
import * as options from '../../settings/options.ts';
import { parseSettings } from '../../settings/parse-settings.ts';
import { readSettingsFile, type SettingsFile } from '../../settings/read-settings-file.ts';

const commands = ['serve', 'webhook', 'controller'] as const;

/** Options that decide what an installation is to be looked at for. */
const decisive = {
  apiTokens: options.apiTokens,
  repairMissedPods: options.repairMissedPods,
  leaderElect: options.leaderElect,
  leaseName: options.leaseName,
  leaseNamespace: options.leaseNamespace,
  excludedNamespaces: options.excludedNamespaces,
  certificates: options.certificates,
  certDir: options.certDir,
  certificateSecret: options.certificateSecret,
  serviceNamespace: options.serviceNamespace,
  settingsFile: options.settingsFile,
};

type Decisive = SettingsOf<typeof decisive>;

/** A command line is read as a whole: the others are on it as well. */
const everyOption: OptionTable & typeof decisive = {
  ...Object.fromEntries(
    Object.entries<Option | string>(options).flatMap(([name, option]) =>
      typeof option === 'string' ? [] : [[name, option]],
    ),
  ),
  ...decisive,
};

/** A file in a ConfigMap or a Secret that is mounted. */
export interface MountedFile {
  readonly configMap: string | undefined;
  readonly secret: string | undefined;
  readonly key: string;
}

/** Where the settings file of a Deployment comes from; undefined where it names none. */
export function settingsFileIn(deployment: JsonObject): MountedFile | undefined {
  const line = commandLineOf(deployment);
  const { settingsFile } = settingsOf(line, undefined).settings;
  return settingsFile === undefined ? undefined : mountedFile(line, deployment, settingsFile);
}

/**
 * The settings that an installation runs with, from its Deployment as a process
 * of it would read them; those that cannot be read have their defaults.
 *
 * @param fileText what is in the settings file; undefined where it cannot be seen
 * @param doubt why one of these cannot be seen, where that is known
 */
export function readInstallationSettings(
  deployment: JsonObject | undefined,
  fileText: string | undefined,
  namespace: string,
  doubt?: string,
): InstallationSettings {
  const line = commandLineOf(deployment ?? {});
  const { settings, problem } = settingsOf(line, fileText);
  const { certificates, certDir } = settings;
  const hasFiles = (certificates ?? (certDir === undefined ? 'secret' : 'files')) === 'files';
  const mounted =
    deployment === undefined || certDir === undefined
      ? undefined
      : mountedFile(line, deployment, `${certDir}/tls.crt`);
  return {
    command: line.command ?? 'serve',
    apiTokens: settings.apiTokens,
    repairMissedPods: settings.repairMissedPods,
    leaderElect: settings.leaderElect,
    leaseName: settings.leaseName,
    leaseNamespace: settings.leaseNamespace ?? namespace,
    excludedNamespaces: settings.excludedNamespaces,
    makesCertificates: !hasFiles,
    certificateSecret: hasFiles
      ? { namespace, name: mounted?.secret }
      : {
          namespace: settings.serviceNamespace ?? namespace,
          name: settings.certificateSecret,
        },
    doubt: doubt ?? (line.command === undefined ? 'no container of it names a command' : problem),
  };
}

/** How the container of a Deployment is started. */
interface CommandLine {
  readonly container: JsonObject;
  readonly command: InstallationSettings['command'] | undefined;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** The container that runs this project, of all that there are: the one with a command of it. */
function commandLineOf(deployment: JsonObject): CommandLine {
  const containers = objectsOf(at(deployment, 'spec', 'template', 'spec', 'containers'));
  for (const { item: container } of containers) {
    const words = [...textsOf(container['command']), ...textsOf(container['args'])];
    const command = commands.find((one) => words.includes(one));
    if (command === undefined) continue;
    const environment: Record<string, string> = {};
    for (const { item } of objectsOf(container['env'])) {
      const [name, value] = [asText(item['name']), asText(item['value'])];
      if (name !== undefined && value !== undefined) environment[name] = value;
    }
    const args = words.slice(words.indexOf(command) + 1);
    return { container, command, args, environment };
  }
  return { container: {}, command: undefined, args: [], environment: {} };
}

function settingsOf(
  { args, environment }: CommandLine,
  fileText: string | undefined,
): { settings: Decisive; problem: string | undefined } {
  const file = fileText === undefined ? undefined : readFile(fileText);
  const inFile = file === undefined ? undefined : readSettingsFile(everyOption, file);
  const parsed = parseSettings(everyOption, args, environment, inFile);
  if ('settings' in parsed) {
    const { settings } = parsed;
    const isUnseen = settings.settingsFile !== undefined && file === undefined;
    return { settings, problem: isUnseen ? 'its settings file cannot be seen' : undefined };
  }
  // Of another version, it may have settings that this one does not know.
  const defaults = parseSettings(decisive, [], {});
  if ('problems' in defaults) throw new Error(defaults.problems.join('; '));
  return { settings: defaults.settings, problem: parsed.problems.join('; ') };
}

/** As `--settings-file` reads it: a scalar is the text it is written as. */
function readFile(text: string): SettingsFile {
  const path = 'settings file';
  try {
    return {
      path,
      content: parse(text, { schema: 'failsafe', customTags: ['null'] }),
      problems: [],
    };
  } catch {
    return { path, content: null, problems: ['is no YAML'] };
  }
}

/** What a path inside the container is, where it comes from a volume. */
function mountedFile(
  { container }: CommandLine,
  deployment: JsonObject,
  path: string,
): MountedFile | undefined {
  const mount = objectsOf(container['volumeMounts'])
    .map(({ item }) => item)
    .find(({ mountPath }) => path.startsWith(`${asText(mountPath)?.replace(/\/+$/, '')}/`));
  if (mount === undefined) return undefined;
  const volume = objectsOf(at(deployment, 'spec', 'template', 'spec', 'volumes'))
    .map(({ item }) => item)
    .find(({ name }) => name === mount['name']);
  return {
    configMap: asText(at(volume, 'configMap', 'name')),
    secret: asText(at(volume, 'secret', 'secretName')),
    key: path.slice(path.lastIndexOf('/') + 1),
  };
}

function textsOf(value: unknown): string[] {
  return (asList(value) ?? []).filter((one): one is string => typeof one === 'string');
}

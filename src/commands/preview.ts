import { text } from 'node:stream/consumers';
import { type FileContent, parseObjects, readFiles } from '../adapters/files/read-objects.ts';
import { newTokenBase64 } from '../adapters/new-token.ts';
import * as options from '../settings/options.ts';
import { proxyOptions, proxySettingsOf } from '../settings/proxy-options.ts';
import { type CommandIo, defineCommand, ExitCode } from './command.ts';
import { type Preview, previewObjects } from './preview/preview-objects.ts';
import { renderDiff, renderJson, renderYaml } from './preview/render-preview.ts';

const previewOptions = {
  filename: options.filename,
  namespace: options.namespace,
  output: options.output,
  settingsFile: options.settingsFile,
  ...proxyOptions,
  excludedNamespaces: options.excludedNamespaces,
};

export const previewCommand = defineCommand({
  name: 'preview',
  description:
    'Shows what admission and the controller would make of objects, without a cluster: each Function as admitted, its function pod (those given, or the one that OpenFunction would make), and the objects of its Dapr proxy. Workloads come out with their Pod template admitted. Exits with 1 when the input is invalid.',
  examples: [
    'npm start -- preview -f function.yaml -o diff',
    'npm start -- preview -f manifests/samples -n shop -o json',
    'cat function.yaml | npm start --silent -- preview -f - | kubectl apply -f -',
  ],
  options: previewOptions,
  async run(settings, io) {
    if (settings.filename.length === 0) {
      io.stderr.write(
        'preview: nothing to read; name a file or folder with -f, or - for standard input\n',
      );
      return ExitCode.usage;
    }
    const contents = await readAll(settings.filename, io);
    const preview = await previewObjects(
      contents.flatMap(({ objects }) => objects),
      {
        namespace: settings.namespace,
        clusterDomain: settings.clusterDomain,
        apiTokens: settings.apiTokens,
        excludedNamespaces: new Set(settings.excludedNamespaces),
        proxy: proxySettingsOf(settings),
        newTokenBase64,
      },
    );
    const problems = [...contents.flatMap((content) => content.problems), ...preview.problems];
    for (const note of preview.notes) io.stderr.write(`${note}\n`);
    for (const problem of problems) io.stderr.write(`error: ${problem}\n`);
    io.stdout.write(render(preview, settings.output, io));
    if (preview.functions.length + preview.others.length === 0 && problems.length === 0) {
      io.stderr.write('no Function, Pod or workload in the input\n');
    }
    return problems.length === 0 ? ExitCode.ok : ExitCode.failed;
  },
});

async function readAll(paths: readonly string[], io: CommandIo): Promise<FileContent[]> {
  const contents: FileContent[] = [];
  for (const path of paths) {
    if (path === '-') {
      const file = 'standard input';
      contents.push({ file, ...parseObjects(await text(io.stdin), file) });
    } else {
      contents.push(...(await readFiles([path])));
    }
  }
  return contents;
}

function render(preview: Preview, output: 'yaml' | 'json' | 'diff', io: CommandIo): string {
  if (output === 'json') return renderJson(preview);
  if (output === 'diff') return renderDiff(preview, io.hasColours);
  return renderYaml(preview);
}

import picocolors from 'picocolors';
import type { JsonObject } from '../../api/json.ts';
import { renderChange, toYaml } from '../render-change.ts';
import { type Preview, type PreviewItem, titleOf } from './preview-objects.ts';

/** Every object, in the order in which they can be applied. */
function objectsOf(preview: Preview): JsonObject[] {
  return [...preview.functions.flatMap(({ items }) => items), ...preview.others].map(
    ({ after }) => after,
  );
}

/** YAML documents, as `kubectl apply -f -` reads them. */
export function renderYaml(preview: Preview): string {
  return objectsOf(preview)
    .map((object) => `---\n${toYaml(object)}`)
    .join('');
}

/** One `v1` List. */
export function renderJson(preview: Preview): string {
  const list = { apiVersion: 'v1', kind: 'List', items: objectsOf(preview) };
  return `${JSON.stringify(list, undefined, 2)}\n`;
}

/** What changes and what is new, per Function, under the rule that decided its mode. */
export function renderDiff(preview: Preview, hasColours: boolean): string {
  const colours = picocolors.createColors(hasColours);
  const render = ({ before, after }: PreviewItem): string =>
    renderChange(titleOf(after), before, after, hasColours);
  const sections = preview.functions.map(({ namespace, name, mode, because, items }) =>
    [
      colours.bold(`Function ${namespace}/${name}: ${mode}`),
      `  because ${because}`,
      '',
      ...items.map(render),
    ].join('\n'),
  );
  return [...sections, ...preview.others.map(render)].join('\n');
}

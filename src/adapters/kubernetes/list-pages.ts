import { asText, at, type JsonObject, objectsOf } from '../../api/json.ts';
import { ApiError } from './api-error.ts';
import type { GetOptions, KubernetesConnection } from './kubernetes-connection.ts';

/** An answer is read whole, and what a large one leaves behind stays with the process for long. */
const pageLimit = 100;

/** One part of a list. */
export interface Page {
  readonly objects: readonly JsonObject[];
  /** Where a watch begins that is to miss nothing of the list. */
  readonly version: string;
}

/** Lists a resource page by page, so that nobody ever holds all of its objects as they came. */
export async function* listPages(
  connection: Pick<KubernetesConnection, 'getJson'>,
  path: string,
  options: GetOptions,
): AsyncGenerator<Page> {
  let token: string | undefined = '';
  while (token !== undefined) {
    const query = {
      ...options.query,
      limit: String(pageLimit),
      ...(token === '' ? {} : { continue: token }),
    };
    const list: JsonObject = await connection.getJson(path, { ...options, query });
    const version = asText(at(list, 'metadata', 'resourceVersion'));
    // API servers write the items of an empty metadata list as null.
    const items = list['items'] === null ? [] : list['items'];
    if (version === undefined || !Array.isArray(items)) {
      throw new ApiError('malformed', 'the answer is no list');
    }
    yield { objects: objectsOf(items).map(({ item }) => item), version };
    token = asText(at(list, 'metadata', 'continue'));
  }
}

import { asList, asText, at, type JsonObject, objectsOf } from '../../api/json.ts';
import { type PatchOperation, pointer } from '../json-patch.ts';

/** RFC 6902: nothing is done unless the value is the one that stands there. */
interface TestOperation {
  readonly op: 'test';
  readonly path: string;
  readonly value: string;
}

/**
 * Puts the ports of a live object back to the wanted ones, as a JSON patch.
 *
 * Server-side apply tells ports apart by their number. When somebody changes a
 * number, the wanted port is one more beside the changed one, of the same name,
 * which no API server takes: such a list has to be replaced.
 *
 * @returns nothing for an object whose ports are not the trouble
 */
export function portReplacement(
  live: JsonObject,
  wanted: JsonObject,
): (TestOperation | PatchOperation)[] {
  const operations = [...servicePorts(live, wanted), ...containerPorts(live, wanted)];
  const uid = asText(at(wanted, 'metadata', 'uid'));
  if (operations.length === 0 || uid === undefined) return operations;
  // Somebody may have put an object of their own in its place.
  return [{ op: 'test', path: pointer('metadata', 'uid'), value: uid }, ...operations];
}

function servicePorts(live: JsonObject, wanted: JsonObject): PatchOperation[] {
  const ports = asList(at(wanted, 'spec', 'ports'));
  if (live['kind'] !== 'Service' || ports === undefined) return [];
  return [{ op: 'replace', path: pointer('spec', 'ports'), value: [...ports] }];
}

/** Of the containers that are wanted; those of somebody else keep theirs. */
function containerPorts(live: JsonObject, wanted: JsonObject): (TestOperation | PatchOperation)[] {
  const path = ['spec', 'template', 'spec', 'containers'] as const;
  const containers = objectsOf(at(wanted, ...path)).map(({ item }) => item);
  return objectsOf(at(live, ...path)).flatMap(({ index, item }) => {
    const name = asText(item['name']);
    const ports = asList(containers.find((one) => one['name'] === name)?.['ports']);
    if (name === undefined || ports === undefined || item['ports'] === undefined) return [];
    return [
      // The index is that of the object that was read.
      { op: 'test', path: pointer(...path, index, 'name'), value: name },
      { op: 'replace', path: pointer(...path, index, 'ports'), value: [...ports] },
    ];
  });
}

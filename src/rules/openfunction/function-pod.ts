import type { FunctionModel } from '../../api/function.ts';
import { asList, asText, type Json, type JsonObject, objectsOf } from '../../api/json.ts';
import { CommonLabel, functionContainerName, OpenFunctionLabel } from '../../api/keys.ts';
import { isLabelValue } from '../names.ts';

/**
 * The Pod that OpenFunction makes of `spec.serving.template`, before anybody
 * admits it and without the Dapr environment that its newer versions add.
 * Undefined for a Function that is only built.
 */
export function functionPod(fn: FunctionModel): JsonObject | undefined {
  const { serving } = fn;
  if (serving === undefined) return undefined;
  const template = serving.template ?? {};
  const containers = asList(template['containers']) ?? [];
  const hasFunction = objectsOf(containers).some(
    ({ item }) => item['name'] === functionContainerName,
  );
  const all: readonly Json[] = hasFunction
    ? containers
    : [...containers, { name: functionContainerName, imagePullPolicy: 'IfNotPresent' }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: fn.name,
      namespace: fn.namespace,
      labels: {
        [OpenFunctionLabel.function]: fn.name,
        [OpenFunctionLabel.managed]: 'true',
        ...(fn.release !== '' && isLabelValue(fn.release)
          ? { [CommonLabel.version]: fn.release }
          : {}),
        ...serving.labels,
      },
      ...(Object.keys(serving.annotations).length === 0
        ? {}
        : { annotations: { ...serving.annotations } }),
    },
    spec: {
      ...template,
      ...(serving.workloadType === 'Job' && template['restartPolicy'] === undefined
        ? { restartPolicy: 'OnFailure' }
        : {}),
      ...pullSecrets(fn, template),
      containers: all.map((container) => withFunction(fn, container)),
    },
  };
}

/** The function's container gets the built image, its port and the Function's parameters. */
function withFunction(fn: FunctionModel, container: Json): Json {
  const [entry] = objectsOf([container]);
  if (entry === undefined || entry.item['name'] !== functionContainerName) return container;
  const { item } = entry;
  const params = Object.entries(fn.serving?.params ?? {}).map(([name, value]) => ({ name, value }));
  const env = [...(asList(item['env']) ?? []), ...params];
  return {
    ...item,
    ...(fn.image === undefined ? {} : { image: fn.image }),
    ports: [
      ...(asList(item['ports']) ?? []),
      { name: 'function-port', containerPort: fn.port, protocol: 'TCP' },
    ],
    ...(env.length === 0 ? {} : { env }),
  };
}

function pullSecrets(fn: FunctionModel, template: JsonObject): JsonObject {
  const secret = asText(fn.imageCredentials);
  if (secret === undefined) return {};
  return {
    imagePullSecrets: [...(asList(template['imagePullSecrets']) ?? []), { name: secret }],
  };
}

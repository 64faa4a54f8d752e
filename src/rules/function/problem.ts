/**
 * What is wrong with a field, in the API server's own words
 * (k8s.io/apimachinery, validation/field), so that a denial by this webhook
 * reads like one by the API server.
 */
export interface Problem {
  /** Path of the field, e.g. `spec.serving.annotations[dapr.io/app-id]`. */
  readonly field: string;
  /** `reason` of the status cause. */
  readonly reason:
    | 'FieldValueNotSupported'
    | 'FieldValueInvalid'
    | 'FieldValueTypeInvalid'
    | 'FieldValueDuplicate';
  /** The sentence without the field, e.g. `Duplicate value: "kafka"`. */
  readonly message: string;
  /** What the field holds; a problem in a field that did not change is the stored object's own. */
  readonly value: unknown;
}

/** Longest part of a user's value that a message repeats. */
const quotedMaxLength = 80;

export function notSupported(field: string, value: string, supported: readonly string[]): Problem {
  const values = supported.map((one) => `"${one}"`).join(', ');
  return {
    field,
    reason: 'FieldValueNotSupported',
    message: `Unsupported value: ${quote(value)}: supported values: ${values}`,
    value,
  };
}

export function invalid(field: string, value: unknown, detail: string): Problem {
  return {
    field,
    reason: 'FieldValueInvalid',
    message: `Invalid value: ${quote(value)}: ${detail}`,
    value,
  };
}

export function notAString(field: string, value: unknown): Problem {
  return {
    field,
    reason: 'FieldValueTypeInvalid',
    message: `Invalid value: ${quote(value)}: must be a string; put it in quotes`,
    value,
  };
}

/** The name itself is what collides: the rest of the fields may change without a new problem. */
export function duplicate(field: string, name: string, detail: string): Problem {
  return {
    field,
    reason: 'FieldValueDuplicate',
    message: `Duplicate value: ${quote(name)}: ${detail}`,
    value: name,
  };
}

/** Path of an annotation of a Function. */
export function annotationPath(annotation: string): string {
  return `spec.serving.annotations[${annotation}]`;
}

/** Field and sentence, as the API server writes them into one line. */
export function describeProblem(problem: Problem): string {
  return `${problem.field}: ${problem.message}`;
}

/** A value as JSON, on one line, shortened. */
export function quote(value: unknown): string {
  const json = typeof value === 'object' && value !== null ? describeShape(value) : toJson(value);
  return json.length <= quotedMaxLength ? json : `${json.slice(0, quotedMaxLength)}...`;
}

function toJson(value: unknown): string {
  return JSON.stringify(value) ?? 'null';
}

function describeShape(value: object): string {
  return Array.isArray(value) ? '[...]' : '{...}';
}

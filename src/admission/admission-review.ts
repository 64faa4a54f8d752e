import { z } from 'zod';
import { asObject, asText, at, type Json, type JsonObject } from '../api/json.ts';
import type { PatchOperation } from '../rules/json-patch.ts';

/** The request of an AdmissionReview, `admission.k8s.io/v1`, as far as this project reads it. */
export interface AdmissionRequest {
  readonly uid: string;
  readonly operation: string;
  /** Kind of the object. */
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
  /** E.g. `status`; empty for the object itself. */
  readonly subResource: string;
  /** Namespace of the request; the object's own may be empty at admission. */
  readonly namespace: string;
  /** Name of the request; empty when the API server generates it. */
  readonly name: string;
  readonly object: JsonObject | undefined;
  readonly oldObject: JsonObject | undefined;
}

/** Why a body is no AdmissionReview that can be answered. */
export interface ReviewError {
  readonly error: string;
}

const optionalText = z.string().nullish();

const reviewSchema = z.object(
  {
    apiVersion: z.literal('admission.k8s.io/v1', {
      error: 'apiVersion must be "admission.k8s.io/v1"',
    }),
    kind: z.literal('AdmissionReview', { error: 'kind must be "AdmissionReview"' }),
    request: z.object(
      {
        uid: z.string({ error: 'request.uid must be a string' }).min(1, 'request.uid is empty'),
        operation: z.string({ error: 'request.operation must be a string' }),
        kind: z.object(
          { group: optionalText, version: optionalText, kind: optionalText },
          { error: 'request.kind must be an object' },
        ),
        subResource: optionalText,
        namespace: optionalText,
        name: optionalText,
        object: z.unknown().optional(),
        oldObject: z.unknown().optional(),
      },
      { error: 'request is missing' },
    ),
  },
  { error: 'the body must be an object' },
);

/** Reads the body of a webhook call; bad input comes back as a value. */
export function parseAdmissionReview(body: unknown): AdmissionRequest | ReviewError {
  const parsed = reviewSchema.safeParse(body);
  if (!parsed.success) {
    const reasons = parsed.error.issues.map(({ message, path }) =>
      message.startsWith('Invalid input') ? `${path.join('.')}: ${message}` : message,
    );
    return { error: `not an AdmissionReview: ${reasons.join('; ')}` };
  }
  const { request } = parsed.data;
  return {
    uid: request.uid,
    operation: request.operation,
    kind: {
      group: request.kind.group ?? '',
      version: request.kind.version ?? '',
      kind: request.kind.kind ?? '',
    },
    subResource: request.subResource ?? '',
    // An API server always names it; a file or a person may leave it to the object.
    namespace: request.namespace ?? asText(at(request.object, 'metadata', 'namespace')) ?? '',
    name: request.name ?? '',
    object: asObject(request.object),
    oldObject: asObject(request.oldObject),
  };
}

/** A Kubernetes Status, as much of it as a denial carries. */
export interface DenialStatus {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly details: {
    readonly name: string;
    readonly group: string;
    readonly kind: string;
    readonly causes: readonly {
      readonly reason: string;
      readonly message: string;
      readonly field: string;
    }[];
  };
}

export interface AdmissionAnswer {
  readonly patch: readonly PatchOperation[];
  readonly warnings: readonly string[];
  /** Present when the object is denied. */
  readonly denial?: DenialStatus;
}

/** Each half of a surrogate pair by itself: JSON escapes them so. */
const notAscii = /[\u0080-\uffff]/g;

/** Longest warning that API servers pass on whole. */
const warningMaxLength = 256;

/** API servers pass on 4096 characters of warnings at most, whoever they come from. */
const warningsMaxCount = 16;

/**
 * The AdmissionReview that answers a request, as JSON of nothing but ASCII. Put
 * together from its parts: a patch in base64 is long, needs no escaping, and would
 * be searched for what does.
 */
export function admissionResponse(uid: string, answer: AdmissionAnswer): string {
  const { patch, warnings, denial } = answer;
  return [
    `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":${asciiJson(uid)}`,
    `,"allowed":${denial === undefined}`,
    denial === undefined ? '' : `,"status":${asciiJson(statusOf(denial))}`,
    patch.length === 0 ? '' : `,"patchType":"JSONPatch","patch":"${base64(JSON.stringify(patch))}"`,
    warnings.length === 0
      ? ''
      : `,"warnings":${asciiJson(warnings.slice(0, warningsMaxCount).map(shorten))}`,
    '}}',
  ].join('');
}

function asciiJson(value: Json): string {
  return JSON.stringify(value).replaceAll(
    notAscii,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function statusOf(denial: DenialStatus): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Status',
    status: 'Failure',
    code: denial.code,
    reason: denial.reason,
    message: denial.message,
    details: {
      ...denial.details,
      causes: denial.details.causes.map((cause) => ({ ...cause })),
    },
  };
}

function shorten(warning: string): string {
  return warning.length <= warningMaxLength
    ? warning
    : `${warning.slice(0, warningMaxLength - 3)}...`;
}

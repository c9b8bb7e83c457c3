import type { z } from 'zod';
import type { ProblemCode } from './problem.ts';

/** What the description of an operation is made of. */

/** A JSON Schema (draft 2020-12), as far as this package writes them. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
}

/** A parameter, or a header of an answer, without its name, which is its key. */
export interface Parameter {
  readonly description: string;
  readonly schema: JsonSchema;
  /** @default true for a header of an answer and in a path, else false */
  readonly required?: boolean;
}

/** Parameters by their names. */
export type Parameters = Readonly<Record<string, Parameter>>;

/** An answer that is no problem. */
export interface Answer {
  readonly description: string;
  /** Body by its content type; absent for an answer without one. */
  readonly content?: Readonly<Record<string, z.ZodType | JsonSchema>>;
  /** What comes instead of the JSON body when the request has the parameter `fields`. */
  readonly sparse?: z.ZodType;
  /** Headers that it has. */
  readonly headers?: Parameters;
}

/** Body of a request. */
export interface OperationBody {
  readonly schema: z.ZodType;
  /** Whether a request without a body is refused. */
  readonly required: boolean;
  /** Of each property. */
  readonly properties: Readonly<Record<string, string>>;
}

/** One method of one path. */
export interface Operation {
  /** As in `httpRoutes`: `GET /runs/:runId`. */
  readonly route: `${'GET' | 'POST' | 'PUT' | 'DELETE'} ${string}`;
  /** Name of the operation for generated clients. */
  readonly id: string;
  readonly tag: 'Server' | 'Workflows' | 'Runs' | 'Values';
  readonly summary: string;
  readonly description: string;
  readonly query?: Parameters;
  readonly headers?: Parameters;
  readonly body?: OperationBody;
  /** By status. */
  readonly answers: Readonly<Record<number, Answer>>;
  readonly problems: readonly ProblemCode[];
  /** Whether a caller who is nobody is let in. */
  readonly open?: boolean;
  /** A request that could be made: values of the parameters by their names, and the body. */
  readonly example: {
    readonly path?: Readonly<Record<string, string>>;
    readonly query?: Readonly<Record<string, string>>;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: unknown;
  };
}

/** Version of the OpenAPI Specification that the document is written in (spec.openapis.org). */
export const openApiVersion = '3.1.1';

const bodyProblems = [
  'WORKFLOW_LIMIT_EXCEEDED',
  'HTTP_CONTENT_TYPE_UNSUPPORTED',
  'HTTP_CONTENT_ENCODING_UNSUPPORTED',
] as const;

/** Every problem that an operation can answer with: its own, and those of all. */
export function problemsOf(operation: Operation): readonly ProblemCode[] {
  const hasBody = !operation.route.startsWith('GET ');
  return [
    ...new Set<ProblemCode>([
      'WORKFLOW_ARGUMENT_INVALID',
      ...(operation.open === true ? [] : (['WORKFLOW_UNAUTHENTICATED'] as const)),
      'HTTP_HOST_REFUSED',
      'HTTP_ORIGIN_REFUSED',
      ...operation.problems,
      ...(hasBody ? bodyProblems : []),
      'HTTP_TOO_MANY_REQUESTS',
      'HTTP_INTERNAL_ERROR',
    ]),
  ];
}

/** Describes each parameter of a query: the compiler misses one without a description, and one that the query lacks. */
export function described<Schema extends z.ZodObject>(
  _query: Schema,
  parameters: { readonly [Name in keyof Schema['shape'] & string]: Parameter },
): Parameters {
  return parameters;
}

/** The same for the properties of a body. */
export function bodyOf<Schema extends z.ZodObject>(
  schema: Schema,
  properties: { readonly [Name in keyof Schema['shape'] & string]: string },
  required = false,
): OperationBody {
  return { schema, properties, required };
}

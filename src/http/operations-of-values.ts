import { bodyOf, described, type Operation, type Parameters } from './operation.ts';
import { exampleRun, json, oneRun, sha256, stored, text } from './operation-parts.ts';
import { uploadLink, valueLink } from './responses.ts';
import { linkBody, valueQuery } from './schemas.ts';
import { value } from './value-schemas.ts';

/** The operations about values that are too large for bodies and answers. */

/** Of `{"pieces":3}`. */
const exampleHash = 'd2fad44cb8124655d0dbabde6d91bfb4cc40b460eb801c055170d08b5cc7adf8';
const exampleValue = { of: 'run', at: '/payload', sha256: exampleHash };

const valueParameters: Parameters = described(valueQuery, {
  of: {
    description: 'Where the value was shown.',
    schema: { type: 'string', enum: ['run', 'result', 'event', 'history'] },
    required: true,
  },
  at: {
    description: 'JSON pointer (RFC 6901) into the run, its result, or the event or entry.',
    schema: text,
    required: true,
  },
  sha256: { description: 'SHA-256 of its JSON text, in hex.', schema: sha256, required: true },
  id: { description: 'Of an event or an entry of a history.', schema: text },
  cursor: { description: 'Cursor before the page that had the event or entry.', schema: text },
});

const valueProblems = [
  'WORKFLOW_VALUE_NOT_FOUND',
  'WORKFLOW_CURSOR_INVALID',
  'WORKFLOW_HISTORY_ABSENT',
  ...oneRun,
] as const;

export const valueOperations: readonly Operation[] = [
  {
    route: 'GET /runs/:runId/value',
    id: 'getValue',
    tag: 'Values',
    summary: 'A value that was too large for an answer',
    description:
      'Call the `href` of a `ValueReference` as it is: what its query says is the business of the server.',
    query: valueParameters,
    answers: {
      200: json('The value.', value),
      307: {
        description:
          'A value of more than 5 MiB on AWS: the link leads to it, without a signature or a token, for minutes.',
        headers: { Location: { description: 'URL of the value.', schema: { type: 'string' } } },
      },
    },
    problems: valueProblems,
    example: { path: exampleRun, query: exampleValue },
  },
  {
    route: 'GET /runs/:runId/value/link',
    id: 'getValueLink',
    tag: 'Values',
    summary: 'A link to a value that is too large for an answer',
    description:
      'The `href` of a `ValueReference` with `/link` at the end of its path. For clients that sign their requests: a redirection would carry their headers along.',
    query: valueParameters,
    answers: { 200: json('The link; empty where `getValue` answers values of any size.', valueLink) },
    problems: valueProblems,
    example: { path: exampleRun, query: exampleValue },
  },
  {
    route: 'PUT /runs/:runId/values/:sha256',
    id: 'putValue',
    tag: 'Values',
    summary: 'Keeps a value for a run',
    description:
      'For a run that is to be started or resumed: `inputValue` and `resumeValue` name the value by its hash. It is removed with the run.',
    body: { schema: value, required: true, properties: {} },
    answers: { 204: { description: 'The value is kept.' } },
    problems: ['WORKFLOW_RUN_FORBIDDEN', 'WORKFLOW_VALUE_NOT_STORABLE', ...stored],
    example: { path: { ...exampleRun, sha256: exampleHash }, body: { pieces: 3 } },
  },
  {
    route: 'POST /runs/:runId/values/:sha256/link',
    id: 'linkValue',
    tag: 'Values',
    summary: 'A link to keep a value that is too large for a request',
    description:
      'A PUT of the JSON to `url`, with `headers` and nothing that proves who sends it, does what `putValue` does. Other bytes than those of the hash are refused there, and what is no JSON is when it is used.',
    body: bodyOf(linkBody, { bytes: 'Bytes of the JSON text in UTF-8.' }, true),
    answers: { 200: json('The link; empty where `putValue` takes values of any size.', uploadLink) },
    problems: ['WORKFLOW_RUN_FORBIDDEN', ...stored],
    example: { path: { ...exampleRun, sha256: exampleHash }, body: { bytes: 12 } },
  },
];

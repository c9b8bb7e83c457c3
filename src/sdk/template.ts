import type { Reads, StepContext } from '../core/definition.ts';
import { WorkflowError } from '../core/errors.ts';
import { valueAt } from './path.ts';

/** What a `${...}` of a template means. */
type Reference =
  | { readonly scope: 'inputData' | 'initData' | 'state'; readonly path: string }
  | { readonly scope: 'requestContext'; readonly key: string }
  | { readonly scope: 'stepResults'; readonly stepId: string; readonly path: string };

/** A template, read. */
export interface Template {
  readonly parts: readonly (string | Reference)[];
  /** Which earlier results it needs: those that it names, no others. */
  readonly reads: Exclude<Reads, 'all'>;
}

const scopes = 'inputData, initData, state, requestContext.<key> or stepResults.<step id>';

/** Reads what stands between the braces of `${...}`; `refuse` makes the error of a wrong one. */
function referenceOf(text: string, refuse: (problem: string) => Error): Reference {
  if (text.trim() === '') throw refuse(`has an empty \${${text}} in its template: name one of ${scopes}`);
  if (text.trim() !== text) {
    throw refuse(`has blanks around the name in \${${text}}: write \${${text.trim()}}`);
  }
  const [scope, ...parts] = text.split('.');
  if (parts.includes('')) throw refuse(`has an empty part in \${${text}}: put a key between two dots`);
  switch (scope) {
    case 'inputData':
    case 'initData':
    case 'state':
      return { scope, path: parts.join('.') };
    case 'requestContext':
      if (parts.length > 0) return { scope, key: parts.join('.') };
      throw refuse(`names no key in \${${text}}: write \${requestContext.<key>}`);
    case 'stepResults': {
      const [stepId, ...rest] = parts;
      if (stepId !== undefined) return { scope, stepId, path: rest.join('.') };
      throw refuse(`names no step in \${${text}}: write \${stepResults.<step id>}`);
    }
    default:
      throw refuse(`has \${${text}} in its template, which begins with none of ${scopes}`);
  }
}

/** Reads a template: each `${` begins a reference, all else is text. Throws what `refuse` makes. */
export function readTemplate(template: string, refuse: (problem: string) => Error): Template {
  const parts: (string | Reference)[] = [];
  let from = 0;
  for (let open = template.indexOf('${'); open >= 0; open = template.indexOf('${', from)) {
    const close = template.indexOf('}', open);
    if (close < 0) throw refuse(`has a \${ without its } in its template: close it`);
    parts.push(template.slice(from, open), referenceOf(template.slice(open + 2, close), refuse));
    from = close + 1;
  }
  parts.push(template.slice(from));
  const steps = parts.flatMap((part) =>
    typeof part !== 'string' && part.scope === 'stepResults' ? [part.stepId] : [],
  );
  const init = parts.some((part) => typeof part !== 'string' && part.scope === 'initData');
  return { parts, reads: { steps: [...new Set(steps)], init } };
}

function valueOf(reference: Reference, context: StepContext): unknown {
  switch (reference.scope) {
    case 'inputData':
    case 'state':
      return valueAt(context[reference.scope], reference.path, reference.scope);
    case 'initData':
      return valueAt(context.getInitData(), reference.path, 'initData');
    case 'requestContext':
      return context.requestContext.get(reference.key);
    case 'stepResults': {
      const { stepId, path } = reference;
      const output = context.getStepResult(stepId);
      if (output !== null) return valueAt(output, path, `step ${stepId}`);
      throw new WorkflowError(
        'WORKFLOW_MAPPING_PATH_INVALID',
        `A template names step ${stepId}, which has no result: it was not executed, or was no success`,
        { details: { path, source: `step ${stepId}` } },
      );
    }
  }
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'object') return `${value as number}`;
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
}

/**
 * Fills a template in. Null and undefined give nothing, an object its JSON. Throws WORKFLOW_MAPPING_PATH_INVALID for a step
 * without a result, and for a path through something that is no object.
 */
export function fillTemplate(template: Template, context: StepContext): string {
  return template.parts
    .map((part) => (typeof part === 'string' ? part : textOf(valueOf(part, context))))
    .join('');
}

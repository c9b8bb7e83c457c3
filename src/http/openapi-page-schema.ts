import { type Content, html, joined, prose } from './markup.ts';
import type { JsonSchema } from './operation.ts';

/** JSON Schemas for people: a type on one line, and a list of the fields. */

/** The type that a schema says, on one line; components are links to their sections. */
export function typeOf(schema: JsonSchema): Content {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);
    return html`<a href="#schema-${name}">${name}</a>`;
  }
  if ('const' in schema) return JSON.stringify(schema.const);
  if (schema.enum !== undefined)
    return joined(
      schema.enum.map((value) => JSON.stringify(value)),
      ' | ',
    );
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices !== undefined) return joined(choices.map(choiceOf), ' | ');
  if (schema.allOf !== undefined) return joined(schema.allOf.map(typeOf), ' & ');
  if (schema.type === 'array')
    return ['array of ', schema.items === undefined ? 'any' : typeOf(schema.items)];
  if (schema.type === 'object') return objectOf(schema);
  return [schema.type ?? 'any', boundsOf(schema)];
}

/** Of several objects, what tells them apart. */
function choiceOf(schema: JsonSchema): Content {
  const type = schema.properties?.['type'];
  return type === undefined ? typeOf(schema) : ['{ type: ', typeOf(type), ', … }'];
}

function objectOf({ properties, additionalProperties }: JsonSchema): Content {
  if (properties !== undefined) return 'object';
  if (typeof additionalProperties !== 'object' || Object.keys(additionalProperties).length === 0) {
    return additionalProperties === false ? 'empty object' : 'object';
  }
  return ['object of ', typeOf(additionalProperties)];
}

function boundsOf(schema: JsonSchema): Content {
  const { minimum, maximum, minLength, maxLength, format, pattern } = schema;
  const range = (least: number | undefined, most: number | undefined): string[] => {
    if (most !== undefined) return [`${least ?? 0} to ${most}`];
    return least === undefined ? [] : [`at least ${least}`];
  };
  const isJustText = minLength === 1 && maxLength === undefined;
  const lengths = isJustText ? [] : range(minLength, maxLength).map((text) => `${text} characters`);
  const bounds = [
    ...range(minimum, maximum),
    ...lengths,
    ...(format === undefined ? [] : [format]),
    ...(pattern === undefined ? [] : [`matches ${pattern}`]),
    ...(schema.default === undefined ? [] : [`${JSON.stringify(schema.default)} when absent`]),
  ];
  return bounds.length === 0 ? '' : ` (${bounds.join(', ')})`;
}

/** The fields of a schema with what they are, and those of the objects in it. Components are shown in their own sections. */
export function fieldsOf(schema: JsonSchema): Content {
  if (schema.$ref !== undefined) return '';
  if (schema.type === 'array') return schema.items === undefined ? '' : fieldsOf(schema.items);
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices !== undefined) return choices.map(choiceFields);
  const { properties = {}, required = [], additionalProperties } = schema;
  const rest = typeof additionalProperties === 'object' ? fieldsOf(additionalProperties) : '';
  const names = Object.entries(properties);
  if (names.length === 0) return rest;
  return html`<ul class="fields">${names.map(
    ([name, field]) =>
      html`<li><code>${name}</code>${required.includes(name) ? '' : '?'}: <span class="type">${typeOf(
        field,
      )}</span> ${prose(field.description ?? '')}${fieldsOf(field)}</li>`,
  )}${rest === '' ? '' : html`<li>others: ${rest}</li>`}</ul>`;
}

function choiceFields(schema: JsonSchema): Content {
  const fields = fieldsOf(schema);
  if (fields === '') return '';
  const type = schema.properties?.['type'];
  return type === undefined
    ? fields
    : html`<details><summary><code>${typeOf(type)}</code></summary>${fields}</details>`;
}

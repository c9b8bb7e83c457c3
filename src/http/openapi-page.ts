import { type Content, html, joined, Markup, prose } from './markup.ts';
import type { OpenApiDocument, OpenApiOperation, OpenApiParameter, OpenApiResponse } from './openapi.ts';
import { fieldsOf, typeOf } from './openapi-page-schema.ts';
import { pageStyle } from './openapi-page-style.ts';

/** The document as a page for people: one HTML file that loads nothing and runs no scripts. */

interface Entry {
  readonly method: string;
  readonly path: string;
  readonly operation: OpenApiOperation;
}

/** The page of a document; `documentUrl` is where its JSON is. */
export function openApiPage(document: OpenApiDocument, documentUrl: string): string {
  const { info, tags, components } = document;
  const entries = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Entry => ({ method, path, operation })),
  );
  const tagged = tags.map((tag) => ({
    ...tag,
    entries: entries.filter(({ operation }) => operation.tags.includes(tag.name)),
  }));
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${info.title} ${info.version}: HTTP API</title>
<style>${new Markup(pageStyle)}</style>
</head>
<body>
<header>
<h1>${info.title} <small>${info.version}</small></h1>
<p>${info.summary}. <a href="${documentUrl}">OpenAPI ${document.openapi} as JSON</a></p>
${paragraphs(info.description)}
${access(document)}
<p>In the examples, <code>$url</code> is where the API is, such as <code>http://127.0.0.1:4400</code>.</p>
</header>
<nav aria-label="Operations">
${tagged.map(
  (tag) =>
    html`<h2>${tag.name}</h2><ul>${tag.entries.map(
      ({ method, path, operation }) =>
        html`<li><a href="#${operation.operationId}">${badge(method)} ${pathOf(path)}</a></li>`,
    )}</ul>`,
)}
<h2>Schemas</h2>
<ul>${Object.keys(components.schemas).map((name) => html`<li><a href="#schema-${name}">${name}</a></li>`)}</ul>
</nav>
<main>
${tagged.map(
  (tag) => html`<section><h2>${tag.name}</h2><p>${prose(tag.description)}</p>
${tag.entries.map(operationSection)}</section>`,
)}
<section><h2>Schemas</h2>
${Object.entries(components.schemas).map(
  ([name, schema]) => html`<article id="schema-${name}"><h3>${name}</h3>
<p>${prose(schema.description ?? '')}</p>
<p class="type">${typeOf(schema)}</p>
${fieldsOf(schema)}</article>
`,
)}</section>
</main>
</body>
</html>
`;
  return page.source;
}

/** Blocks of text: a list where lines begin with a dash. */
function paragraphs(text: string): Content {
  return text.split('\n\n').map((block) => {
    if (!block.startsWith('- ')) return html`<p>${prose(block)}</p>`;
    return html`<ul>${block.split('\n').map((line) => html`<li>${prose(line.slice(2))}</li>`)}</ul>`;
  });
}

function access({ security, components }: OpenApiDocument): Content {
  const names = security.flatMap((requirement) => Object.keys(requirement));
  const ways = names.map(
    (name) => html`<li>${prose(components.securitySchemes[name]?.['description'] ?? name)}</li>`,
  );
  return html`<p>Whether a request has to say who makes it depends on the place. Its <code>Authorization</code> has nothing, or:</p>
<ul>${ways}</ul>`;
}

function badge(method: string): Markup {
  return html`<span class="method ${method}">${method.toUpperCase()}</span>`;
}

/** Can be broken after each slash. */
function pathOf(path: string): Markup {
  return html`<code class="path">${joined(path.split('/'), html`/<wbr>`)}</code>`;
}

function operationSection({ method, path, operation }: Entry): Markup {
  const { operationId, summary, description, parameters = [], requestBody, responses } = operation;
  const answers = Object.entries(responses);
  return html`<article id="${operationId}">
<h3>${badge(method)} ${pathOf(path)}</h3>
<p><strong>${prose(summary)}</strong></p>
<p>${prose(description)}</p>
${operation.security === undefined ? '' : html`<p>Who is nobody is let in.</p>`}
${operation['x-codeSamples'].map(({ source }) => html`<pre><code>${source}</code></pre>`)}
${parameters.length === 0 ? '' : parameterTable(parameters)}
${
  requestBody === undefined
    ? ''
    : html`<h4>Body${requestBody.required ? '' : ' (may be absent)'}</h4>${contentOf(requestBody.content)}`
}
<h4>Answers</h4>
<dl class="answers">${answers.filter(([, response]) => !isProblem(response)).map(answer)}</dl>
<details><summary>Problems</summary>
<dl class="answers">${answers.filter(([, response]) => isProblem(response)).map(answer)}</dl></details>
</article>
`;
}

function parameterTable(parameters: readonly OpenApiParameter[]): Markup {
  return html`<h4>Parameters</h4>
<div class="wide"><table><thead><tr><th scope="col">Name</th><th scope="col">In</th><th scope="col">Type</th><th scope="col">What it is</th></tr></thead><tbody>
${parameters.map(
  ({ name, in: place, required, schema, description }) => html`<tr><td><code>${name}</code>${
    required ? '' : '?'
  }</td><td>${place}</td><td class="type">${typeOf(schema)}</td><td>${prose(description)}</td></tr>
`,
)}</tbody></table></div>`;
}

function contentOf(content: NonNullable<OpenApiResponse['content']>): Content {
  return Object.entries(content).map(
    ([type, { schema }]) =>
      html`<p><code>${type}</code> <span class="type">${typeOf(schema)}</span></p>${fieldsOf(schema)}`,
  );
}

function isProblem({ content = {} }: OpenApiResponse): boolean {
  return 'application/problem+json' in content;
}

function answer([status, response]: [string, OpenApiResponse]): Markup {
  const { description, headers = {}, content = {} } = response;
  return html`<dt>${status}</dt><dd>${prose(description)}${Object.entries(headers).map(
    ([name, header]) => html`<br>Header <code>${name}</code>: ${prose(header.description)}`,
  )}${isProblem(response) ? '' : contentOf(content)}</dd>
`;
}

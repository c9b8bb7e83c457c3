import { bytesToBase64 } from '../core/codec-bytes.ts';
import { openApiDocument } from './openapi.ts';
import { openApiPage } from './openapi-page.ts';
import { pageStyle } from './openapi-page-style.ts';
import { commonHeaders } from './problem.ts';

/** Answers with the OpenAPI document of an API under `basePath`. */
export function openApiJson(basePath: string): Response {
  return new Response(JSON.stringify(openApiDocument(basePath)), {
    headers: { ...commonHeaders, 'content-type': 'application/json' },
  });
}

/** Answers with the same as a page. The policy lets a browser do nothing but show it in its own style. */
export async function openApiHtml(basePath: string): Promise<Response> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(pageStyle));
  const style = `'sha256-${bytesToBase64(new Uint8Array(hash))}'`;
  return new Response(openApiPage(openApiDocument(basePath), `${basePath}/openapi.json`), {
    headers: {
      ...commonHeaders,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `default-src 'none'; style-src ${style}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      'referrer-policy': 'no-referrer',
    },
  });
}

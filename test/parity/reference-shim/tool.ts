import type { AnySchema } from '../../../src/core/definition.ts';
import type { ToolLike } from '../../../src/sdk/tool-types.ts';

/**
 * The reference marks its tools. Here a tool is told from a step by the two parameters of its body, which a body of the test
 * runner's does not show.
 */
export function createTool<
  const Id extends string,
  In extends AnySchema,
  Out extends AnySchema,
  Resume extends AnySchema = AnySchema,
  Suspend extends AnySchema = AnySchema,
>(
  tool: ToolLike<Id, In, Out, Resume, Suspend>,
): ToolLike<Id, In, Out, Resume, Suspend> & {
  readonly execute: (input: never, context: never) => unknown;
} {
  const body = tool.execute as unknown as (input: unknown, context: unknown) => unknown;
  return { ...tool, execute: (input: never, context: never) => body(input, context) };
}

import type { SendMessageCommandInput } from '@aws-sdk/client-sqs';

/**
 * The X-Ray header (`Root=...;Parent=...;Sampled=...`) of the invocation that a message is sent in, so that the function that
 * gets the message goes on with its trace; undefined when there is none.
 * https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
 */
export type TraceHeader = () => string | undefined;

/** EventBridge refuses one that is longer (PutEventsRequestEntry of its API reference). */
const longest = 500;

/**
 * The header of the invocation, from the environment: Lambda sets the variable anew for each. One that is malformed is left out,
 * because a trace is no reason for a message not to be sent.
 */
export function traceHeaderOf(variables: Readonly<Record<string, string | undefined>>): TraceHeader {
  return () => {
    const header = variables['_X_AMZN_TRACE_ID'];
    const isHeader = header !== undefined && header.length <= longest && /^[\w=;:.,-]+$/.test(header);
    return isHeader ? header : undefined;
  };
}

/** The header as a message of SQS has it; it does not count for the size of the message (SQS developer guide, message metadata). */
export function traceAttribute(
  header: string | undefined,
): Pick<SendMessageCommandInput, 'MessageSystemAttributes'> {
  if (header === undefined) return {};
  return { MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: header } } };
}

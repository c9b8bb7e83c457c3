/** What is replaced of a client's protocol. */
interface Serialization {
  /** Written and flushed at once, so that one serves all requests. */
  serializer: { write(schema: unknown, value: unknown): void; flush(): string };
  deserializer: { read(schema: unknown, answer: Uint8Array | string): unknown };
}

/** A client whose protocol is AWS JSON: that of DynamoDB, EventBridge or SQS. */
export interface JsonClient {
  readonly config: { readonly protocol: object };
}

/**
 * Has a client write requests and read answers as the JSON that they are. By itself it goes through the schema of an operation for
 * that, member by member, which takes longer than the JSON. Nothing is lost: no attribute of the table holds bytes, no parameter is a
 * date, and each transaction names its own token. What a service refuses is still read by its schema.
 */
export function withPlainJson<Made extends JsonClient>(client: Made): Made {
  let text = '';
  const plain: Serialization = {
    serializer: {
      write: (_, value) => {
        text = JSON.stringify(value);
      },
      flush: () => text,
    },
    deserializer: { read: (_, answer) => JSON.parse(Buffer.from(answer).toString()) as unknown },
  };
  Object.assign(client.config.protocol, plain);
  return client;
}

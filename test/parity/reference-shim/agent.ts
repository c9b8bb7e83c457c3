/** What a model gives while it answers. */
export interface Chunk {
  readonly type: string;
  readonly payload?: Readonly<Record<string, unknown>>;
}

type Options = Readonly<Record<string, unknown>>;

/** An agent's answer. */
interface Answer {
  readonly fullStream: AsyncIterable<Chunk>;
  readonly text: Promise<string>;
}

/** Answers in words, and says what they cost. */
export function wordsModel(text: string): () => readonly Chunk[] {
  const usage = { inputTokens: 10, outputTokens: 20, totalTokens: 30 };
  const words = text.split(/(?<= )/);
  return () => [
    ...words.map((word) => ({ type: 'text-delta', payload: { text: word } })),
    { type: 'finish', payload: { output: { usage } } },
  ];
}

/** As the reference's agents, as far as workflows use them: a name, and a model that answers prompts. */
export class Agent {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  private readonly model: (prompt: string, options: Options) => readonly Chunk[] | Promise<readonly Chunk[]>;

  constructor(config: {
    readonly id?: string;
    readonly name: string;
    readonly description?: string;
    readonly model: (prompt: string, options: Options) => readonly Chunk[] | Promise<readonly Chunk[]>;
  }) {
    this.id = config.id ?? config.name;
    this.name = config.name;
    this.description = config.description ?? '';
    this.model = config.model;
  }

  async stream(prompt: string, options: Options = {}): Promise<Answer> {
    const chunks = await this.model(prompt, options);
    const text = textOf(chunks);
    return { fullStream: told(chunks, options, text), text: Promise.resolve(text) };
  }

  async generate(prompt: string, options: Options = {}): Promise<{ readonly text: string }> {
    return { text: textOf(await this.model(prompt, options)) };
  }
}

function textOf(chunks: readonly Chunk[]): string {
  return chunks.map(({ type, payload }) => (type === 'text-delta' ? String(payload?.['text']) : '')).join('');
}

/** The chunks one by one; callbacks of the caller are told as by an agent. */
async function* told(chunks: readonly Chunk[], options: Options, text: string): AsyncGenerator<Chunk> {
  const call = async (name: 'onChunk' | 'onFinish', about: unknown): Promise<void> => {
    const callback = options[name];
    if (typeof callback === 'function') await (callback as (about: unknown) => unknown)(about);
  };
  for (const chunk of chunks) {
    await call('onChunk', chunk);
    yield chunk;
  }
  await call('onFinish', { text });
}

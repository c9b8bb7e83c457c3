import type { WorkflowError } from 'evented-workflows';

/** What a fake agent was called with. */
export interface AgentCall {
  readonly method: string;
  readonly prompt: string;
  readonly options: Readonly<Record<string, unknown>> & {
    readonly abortSignal: AbortSignal;
    readonly onFinish: (result: object) => Promise<void>;
  };
}

/** What a fake agent does: chunks that it streams, and what it says at the end. */
export interface Script {
  readonly chunks?: readonly unknown[];
  readonly finish?: object;
  readonly error?: Error | WorkflowError;
  /** Called before each chunk. */
  readonly before?: (call: AgentCall) => unknown;
}

async function* told(script: Script, call: AgentCall): AsyncGenerator<unknown, void, undefined> {
  for (const chunk of script.chunks ?? []) {
    await script.before?.(call);
    yield chunk;
  }
  if (script.finish !== undefined) await call.options.onFinish(script.finish);
}

/** An agent that follows a script. Its prompt is answered with it, whatever it is. */
export class FakeAgent<const Id extends string> {
  readonly id: Id;
  readonly name = 'Name of the agent';
  readonly calls: AgentCall[] = [];
  readonly script: Script;
  private readonly model: string;

  constructor(id: Id, script: Script = {}, model = 'v2') {
    this.id = id;
    this.script = script;
    this.model = model;
  }

  getDescription(): string {
    return `Follows the script of ${this.id}`;
  }

  async getModel(): Promise<object> {
    return { specificationVersion: this.model };
  }

  async stream(prompt: string, options: AgentCall['options']): Promise<object> {
    return this.answer('stream', prompt, options);
  }

  async streamLegacy(prompt: string, options: AgentCall['options']): Promise<object> {
    return this.answer('streamLegacy', prompt, options);
  }

  private async answer(method: string, prompt: string, options: AgentCall['options']): Promise<object> {
    const call = { method, prompt, options };
    this.calls.push(call);
    if (this.script.error !== undefined) throw this.script.error;
    return { fullStream: told(this.script, call) };
  }
}

/** A script of an answer of one word, as a model of version 2 tells it. */
export function saying(text: string): Script {
  const usage = { inputTokens: 3, outputTokens: 1, totalTokens: 4 };
  return {
    chunks: [
      { type: 'start' },
      { type: 'text-delta', payload: { text } },
      { type: 'finish', payload: { output: { usage } } },
    ],
    finish: { text },
  };
}

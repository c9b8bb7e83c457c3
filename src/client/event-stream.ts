/** One message of a stream of server-sent events. */
export interface StreamMessage {
  /** Name of the message; empty for one without. */
  readonly event: string;
  /** Its data; empty when it only moves `id`. */
  readonly data: string;
  /** The last id that the stream gave, with this message or before. */
  readonly id: string;
  /** Pause before the next connection that the stream asked for last, ms. */
  readonly retry: number | undefined;
}

/**
 * Parses server-sent events as HTML says (section 9.2.6): whatever the borders of the chunks, also inside of a character or a
 * line break. A message that its stream broke off is dropped. Unlike an `EventSource`, it also gives the messages without data
 * that have an id.
 */
export class EventStreamParser {
  readonly #decoder = new TextDecoder();
  #text = '';
  #endedByReturn = false;
  #event = '';
  #data: string[] = [];
  #id = '';
  #hasId = false;
  #retry: number | undefined;

  /** The messages that this chunk completes. */
  push(chunk: Uint8Array): StreamMessage[] {
    this.#text += this.#decoder.decode(chunk, { stream: true });
    const messages: StreamMessage[] = [];
    for (let line = this.#nextLine(); line !== undefined; line = this.#nextLine()) {
      const message = line === '' ? this.#dispatch() : this.#field(line);
      if (message !== undefined) messages.push(message);
    }
    return messages;
  }

  #nextLine(): string | undefined {
    // The second half of a CRLF can come with the next chunk; its line is complete without it.
    if (this.#endedByReturn && this.#text !== '') {
      if (this.#text.startsWith('\n')) this.#text = this.#text.slice(1);
      this.#endedByReturn = false;
    }
    const end = this.#text.search(/[\r\n]/);
    if (end === -1) return undefined;
    const line = this.#text.slice(0, end);
    this.#endedByReturn = this.#text[end] === '\r';
    this.#text = this.#text.slice(end + 1);
    return line;
  }

  #field(line: string): undefined {
    const colon = line.indexOf(':');
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') this.#event = value;
    else if (name === 'data') this.#data.push(value);
    else if (name === 'id' && !value.includes('\0')) {
      this.#id = value;
      this.#hasId = true;
    } else if (name === 'retry' && /^\d+$/.test(value)) this.#retry = Number(value);
    return undefined;
  }

  #dispatch(): StreamMessage | undefined {
    const isSeen = this.#data.length > 0 || this.#hasId;
    const message = {
      event: this.#event,
      data: this.#data.join('\n'),
      id: this.#id,
      retry: this.#retry,
    };
    this.#event = '';
    this.#data = [];
    this.#hasId = false;
    return isSeen ? message : undefined;
  }
}

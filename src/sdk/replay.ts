/** A sequence that grows, with any number of readers: each reads it from its beginning. */
export class Replay<T> {
  private readonly items: T[] = [];
  private readonly waiting = new Set<() => void>();
  private isClosed = false;

  push(item: T): void {
    this.items.push(item);
    this.wake();
  }

  /** No item comes after this. */
  close(): void {
    this.isClosed = true;
    this.wake();
  }

  /** A stream of all items. To cancel it ends this one only. */
  stream(): ReadableStream<T> {
    const reader = { next: 0, left: false };
    return new ReadableStream<T>(
      {
        pull: async (controller) => {
          while (reader.next >= this.items.length && !this.isClosed && !reader.left) await this.change();
          if (reader.left) return;
          if (reader.next >= this.items.length) return controller.close();
          controller.enqueue(this.items[reader.next] as T);
          reader.next += 1;
        },
        cancel: () => {
          reader.left = true;
          this.wake();
        },
      },
      { highWaterMark: 0 },
    );
  }

  private change(): Promise<void> {
    return new Promise((resolve) => this.waiting.add(resolve));
  }

  private wake(): void {
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }
}

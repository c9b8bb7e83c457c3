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
    let next = 0;
    let left = false;
    return new ReadableStream<T>(
      {
        pull: async (controller) => {
          while (next >= this.items.length && !this.isClosed && !left) await this.change();
          if (left) return;
          if (next >= this.items.length) return controller.close();
          controller.enqueue(this.items[next] as T);
          next += 1;
        },
        cancel: () => {
          left = true;
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

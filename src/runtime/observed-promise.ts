/**
 * A promise that knows whether anybody waited for it. An author who forgets an `await` must neither lose the failure nor,
 * by an unhandled rejection, the whole process.
 */
export class ObservedPromise<T> implements Promise<T> {
  readonly [Symbol.toStringTag] = 'Promise';
  readonly inner: Promise<T>;
  private looked = false;

  constructor(inner: Promise<T>) {
    this.inner = inner;
    inner.catch(() => undefined);
  }

  get isObserved(): boolean {
    return this.looked;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- it is a promise
  then<R = T, E = never>(
    onFulfilled?: ((value: T) => R | PromiseLike<R>) | null,
    onRejected?: ((reason: unknown) => E | PromiseLike<E>) | null,
  ): Promise<R | E> {
    this.looked = true;
    return this.inner.then(onFulfilled, onRejected);
  }

  catch<E = never>(onRejected?: ((reason: unknown) => E | PromiseLike<E>) | null): Promise<T | E> {
    this.looked = true;
    return this.inner.catch(onRejected);
  }

  finally(onFinally?: (() => void) | null): Promise<T> {
    this.looked = true;
    return this.inner.finally(onFinally);
  }
}

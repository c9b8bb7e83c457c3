/**
 * Notes which methods of a port are called, so that a suite can say whether each has a test: one that is added and not
 * tested fails it.
 */
export class Called {
  readonly #called = new Set<string>();
  readonly #methods = new Set<string>();

  /** The same object, whose calls are noted as `<name>.<method>`. Methods of an object within it count, too. */
  of<Port extends object>(name: string, port: Port): Port {
    for (const [method, value] of Object.entries(port)) {
      if (typeof value === 'function') this.#methods.add(`${name}.${method}`);
      else if (typeof value === 'object' && value !== null) this.of(method, value as object);
    }
    return new Proxy(port, {
      get: (target, property, receiver): unknown => {
        const value: unknown = Reflect.get(target, property, receiver);
        if (typeof value === 'function') this.#called.add(`${name}.${String(property)}`);
        return value;
      },
    });
  }

  /** Methods of all objects that nobody called so far. */
  untested(): string[] {
    return [...this.#methods].filter((method) => !this.#called.has(method)).toSorted();
  }

  /** All methods. */
  methods(): string[] {
    return [...this.#methods].toSorted();
  }
}

/** A value, or a promise of it: what an interface returns where some implementations answer at once. */
export type Awaitable<T> = T | Promise<T>

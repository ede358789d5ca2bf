/** A view of the keys below one prefix. It holds nothing, so making one costs next to nothing. */
import type { Awaitable } from '../lib/awaitable.ts'
import type { Sequence } from './driver.ts'
import type { Page, ReadView, WriteView } from './view.ts'

export class ScopedReadView implements ReadView {
  readonly #root: ReadView
  readonly #prefix: string

  constructor(root: ReadView, prefix: string) {
    this.#root = root
    this.#prefix = prefix
  }

  get sequence(): Sequence {
    return this.#root.sequence
  }

  get(key: string): Awaitable<Uint8Array | undefined> {
    return this.#root.get(this.#prefix + key)
  }

  list(prefix: string, page?: Page): Awaitable<string[]> {
    return this.#root.list(this.#prefix + prefix, page)
  }

  keys(prefix: string, page?: Page): Promise<string[]> {
    return keysBelow(this.#root, this.#prefix, prefix, page)
  }

  sub(prefix: string): ReadView {
    return new ScopedReadView(this.#root, this.#prefix + prefix)
  }
}

export class ScopedWriteView implements WriteView {
  readonly #root: WriteView
  readonly #prefix: string

  constructor(root: WriteView, prefix: string) {
    this.#root = root
    this.#prefix = prefix
  }

  get sequence(): Sequence {
    return this.#root.sequence
  }

  onCommitted(hook: (sequence: Sequence) => void): void {
    this.#root.onCommitted(hook)
  }

  onRolledBack(hook: (certain: boolean) => void): void {
    this.#root.onRolledBack(hook)
  }

  get(key: string): Awaitable<Uint8Array | undefined> {
    return this.#root.get(this.#prefix + key)
  }

  list(prefix: string, page?: Page): Awaitable<string[]> {
    return this.#root.list(this.#prefix + prefix, page)
  }

  keys(prefix: string, page?: Page): Promise<string[]> {
    return keysBelow(this.#root, this.#prefix, prefix, page)
  }

  put(key: string, value: Uint8Array): void {
    this.#root.put(this.#prefix + key, value)
  }

  delete(key: string): void {
    this.#root.delete(this.#prefix + key)
  }

  sub(prefix: string): WriteView {
    return new ScopedWriteView(this.#root, this.#prefix + prefix)
  }
}

async function keysBelow(root: ReadView, scope: string, prefix: string, page: Page = {}): Promise<string[]> {
  const inRoot = page.after === undefined ? page : { ...page, after: scope + page.after }
  const keys = await root.keys(scope + prefix, inRoot)
  return keys.map((key) => key.slice(scope.length))
}

/** Reads the JSON of a backup, whose numbers are longer than JavaScript's. */
import { parseTree, unquote, type JsonTree } from '../../../../lib/json/index.ts'
import { transitErrors } from '../errors.ts'

export class BackupNode {
  readonly #tree: JsonTree

  constructor(tree: JsonTree) {
    this.#tree = tree
  }

  /** Throws `TRANSIT_RESTORE_FORM`. */
  static parse(text: string): BackupNode {
    try {
      return new BackupNode(parseTree(text))
    } catch (error) {
      throw transitErrors.RESTORE_FORM({ why: 'it holds no JSON' }, { cause: error })
    }
  }

  /** Undefined where it is absent or null. */
  node(name: string): BackupNode | undefined {
    const child = this.#tree.kind === 'object' ? this.#tree.entries.get(name) : undefined
    return child === undefined || child.kind === 'null' ? undefined : new BackupNode(child)
  }

  entries(): readonly (readonly [string, BackupNode])[] {
    if (this.#tree.kind !== 'object') return []
    return [...this.#tree.entries].map(([name, tree]) => [name, new BackupNode(tree)] as const)
  }

  items(name: string): readonly BackupNode[] {
    const child = this.#child(name)
    return child?.kind === 'array' ? child.items.map((item) => new BackupNode(item)) : []
  }

  text(name: string): string {
    const child = this.#child(name)
    return child?.kind === 'string' ? unquote(child.text) : ''
  }

  flag(name: string): boolean {
    const child = this.#child(name)
    return child?.kind === 'boolean' && child.text === 'true'
  }

  /** 0 where it is absent. Throws `TRANSIT_RESTORE_FORM` for what is no whole number. */
  int(name: string): number {
    const child = this.#child(name)
    if (child === undefined || child.kind === 'null') return 0
    const number = child.kind === 'number' ? Number(child.text) : Number.NaN
    if (!Number.isSafeInteger(number)) throw transitErrors.RESTORE_FORM({ why: `${name} is no whole number` })
    return number
  }

  /** A number of any length; undefined where it is absent. */
  big(name: string): bigint | undefined {
    const child = this.#child(name)
    return child?.kind === 'number' && /^\d+$/.test(child.text) ? BigInt(child.text) : undefined
  }

  /** Of base64; undefined where it is absent or empty. */
  bytes(name: string): Uint8Array | undefined {
    const text = this.text(name)
    return text === '' ? undefined : Uint8Array.from(Buffer.from(text, 'base64'))
  }

  /** The string that this is. */
  get string(): string {
    return this.#tree.kind === 'string' ? unquote(this.#tree.text) : ''
  }

  /** The number that this is, of any length. */
  get number(): bigint | undefined {
    return this.#tree.kind === 'number' && /^\d+$/.test(this.#tree.text) ? BigInt(this.#tree.text) : undefined
  }

  #child(name: string): JsonTree | undefined {
    return this.#tree.kind === 'object' ? this.#tree.entries.get(name) : undefined
  }
}

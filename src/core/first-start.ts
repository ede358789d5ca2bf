/**
 * An unattended first start is all or nothing: until its last request is done, the storage says that it is not. A server that was stopped
 * in the midst of it does not unseal again, for nobody could tell what it lacks, and nobody has a token for it.
 */
import { sealErrors } from '../errors/seal.ts'
import type { Store, Transaction } from '../storage/store.ts'
import type { ActivePart } from './lifecycle.ts'

const KEY = 'core/first-start'

export class FirstStart implements ActivePart {
  readonly #store: Store
  #underWay = false

  constructor(store: Store) {
    this.#store = store
  }

  /** What is made from now on is made by a first start. */
  begin(): void {
    this.#underWay = true
  }

  /** Written together with all that a new vault has. */
  populate(transaction: Transaction): void {
    if (this.#underWay) transaction.put(KEY, Buffer.from('begun'))
  }

  /** Rejects with `SEAL_FIRST_START_FAILED` where a first start did not come to its end. */
  async start(): Promise<void> {
    if (this.#underWay) return
    if ((await this.#store.read((view) => view.get(KEY))) !== undefined) throw sealErrors.FIRST_START_FAILED()
  }

  stop(): void {}

  /** Somebody else makes it. */
  leave(): void {
    this.#underWay = false
  }

  async finish(): Promise<void> {
    await this.#store.write((view) => view.delete(KEY))
    this.#underWay = false
  }
}

/**
 * For cores that only read: what they keep in memory of a few stored keys is brought up to each new snapshot before anything is done
 * with it. Whoever writes changes both itself and needs none of this.
 */
import type { Driver, Sequence } from '../storage/driver.ts'
import type { ReadView } from '../storage/view.ts'

export interface Follower {
  /** Whether storage is known to have something newer. */
  readonly lags: boolean
  /** Brings what is in memory up to what the view shows; it may be asked for views of any age, several at once. */
  follow(view: ReadView): Promise<void>
}

/** Loads anew whenever one of its keys changed. */
export class Followed implements Follower {
  readonly #load: (view: ReadView) => Promise<void>
  /** The commit that changed a key last; what is in memory is older. */
  #changed: Sequence | undefined

  /** @param prefix of the keys that count. */
  constructor(driver: Driver, prefix: string, load: (view: ReadView) => Promise<void>) {
    this.#load = load
    driver.subscribe(({ sequence, keys, reset }) => {
      if (reset === true || keys.some((key) => key.startsWith(prefix))) this.#changed = sequence
    })
  }

  get lags(): boolean {
    return this.#changed !== undefined
  }

  async follow(view: ReadView): Promise<void> {
    const changed = this.#changed
    // A view of before the change would only bring back what was.
    if (changed === undefined || view.sequence < changed) return
    await this.#load(view)
    if (this.#changed === changed) this.#changed = undefined
  }
}

/** Undefined where nothing lags, so that the usual transaction waits for nothing. */
export function followAll(followers: readonly Follower[], view: ReadView): Promise<void> | undefined {
  for (const follower of followers) if (follower.lags) return followEach(followers, view)
  return undefined
}

async function followEach(followers: readonly Follower[], view: ReadView): Promise<void> {
  for (const follower of followers) if (follower.lags) await follower.follow(view)
}

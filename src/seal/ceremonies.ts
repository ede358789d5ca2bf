/** Whatever a quorum of share holders does; all of it ends when the server stops leading or is sealed. */
import { ceremonyErrors } from '../errors/ceremony.ts'
import type { CeremoniesPort, RekeyPort } from '../request/ceremony-ports.ts'
import { Rekey, type RekeyDeps } from './rekey.ts'
import { RootTokens, type RootTokenDeps } from './root-token.ts'
import type { SealManager } from './seal-manager.ts'

export type CeremoniesDeps = Omit<RootTokenDeps, 'manager'> & {
  readonly manager: RootTokenDeps['manager'] & RekeyDeps['manager'] & Pick<SealManager, 'rekey'>
  /** The folder of the namespace whose shares they hold; empty for the vault's. */
  readonly home: string
}

export class Ceremonies implements CeremoniesPort {
  readonly rootToken: RootTokens
  readonly #manager: CeremoniesDeps['manager']
  readonly #rekeys: { readonly root: Rekey; readonly recovery: Rekey }

  constructor(deps: CeremoniesDeps) {
    this.#manager = deps.manager
    this.rootToken = new RootTokens(deps)
    const { manager, store, clock, log, home } = deps
    const rekey = (target: 'root' | 'recovery') => new Rekey({ target, manager, store, clock, log, home })
    this.#rekeys = { root: rekey('root'), recovery: rekey('recovery') }
  }

  rekey(target: 'root' | 'recovery'): RekeyPort {
    return this.#rekeys[target]
  }

  async rotateRootKey(): Promise<void> {
    const { recoverySeal } = await this.#manager.status()
    if (!recoverySeal) throw ceremonyErrors.NEEDS_SHARES()
    await this.#manager.rekey({ target: 'root', shares: undefined })
  }

  /** Nothing of what was begun stays in memory. */
  end(): void {
    this.rootToken.end()
    this.#rekeys.root.end()
    this.#rekeys.recovery.end()
  }
}

/** How a seal stands: a namespace's, or the vault's. */
export interface SealState {
  readonly type: string
  readonly initialized: boolean
  readonly sealed: boolean
  /** Of the unseal key or, of a seal that opens by itself, of the recovery key. 0 before initialisation. */
  readonly threshold: number
  readonly shares: number
  /** Shares given towards the next unsealing. */
  readonly progress: number
  /** Of that attempt; empty when there is none. */
  readonly nonce: string
}

export interface VaultSealState extends SealState {
  /** The seal opens by itself: people hold shares of a recovery key. */
  readonly recoverySeal: boolean
  /** The vault is still to be moved to this seal. */
  readonly migration: boolean
}

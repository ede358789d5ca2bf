/** What a quorum of those who hold key shares does together: make a root token, replace the shares. Shares are hex or base64. */

export interface Cancelling {
  /** Of the attempt that is meant; undefined takes whichever is under way. */
  readonly nonce: string | undefined
  /** The caller has shown a token. One who has not must name the attempt while it is young. */
  readonly known: boolean
}

export interface RootTokenWish {
  /** As long as `otpLength`; empty has one made, unless there is a PGP key. */
  readonly otp: string
  readonly pgpKey: string
  /** Seconds; 0 for a token that never expires. */
  readonly ttl: number
}

export interface RootTokenStatus {
  readonly started: boolean
  readonly nonce: string
  readonly progress: number
  readonly required: number
  readonly complete: boolean
  /** Only of an attempt that is complete. */
  readonly encodedToken: string
  readonly pgpFingerprint: string
  /** Told once, to the one who started the attempt without giving one. */
  readonly otp: string
  readonly otpLength: number
}

export interface RootTokenPort {
  status(): Promise<RootTokenStatus>
  begin(wish: RootTokenWish): Promise<RootTokenStatus>
  submit(share: string, nonce: string): Promise<RootTokenStatus>
  cancel(request: Cancelling): Promise<void>
}

export interface RekeyWish {
  readonly shares: number
  readonly threshold: number
  readonly pgpKeys: readonly string[]
  readonly backup: boolean
  readonly requireVerification: boolean
}

export interface RekeyStatus {
  readonly started: boolean
  readonly nonce: string
  /** Of the shares to come. */
  readonly threshold: number
  readonly shares: number
  readonly progress: number
  readonly required: number
  /** Undefined where there are no PGP keys. */
  readonly pgpFingerprints: readonly string[] | undefined
  readonly backup: boolean
  readonly verificationRequired: boolean
  /** Empty until the new shares wait to be verified. */
  readonly verificationNonce: string
}

/** The new shares, told once. None where a key service keeps the key. */
export interface NewKeys {
  readonly nonce: string
  readonly keys: readonly string[]
  readonly keysBase64: readonly string[]
  readonly threshold: number
  readonly pgpFingerprints: readonly string[] | undefined
  readonly backup: boolean
  /** They count only once enough of them were shown. */
  readonly verificationRequired: boolean
  readonly verificationNonce: string
  /** The storage did not say whether they count: those from before may. */
  readonly unsettled: boolean
}

export interface VerificationStatus {
  readonly started: boolean
  readonly nonce: string
  readonly threshold: number
  readonly shares: number
  readonly progress: number
}

/** Encrypted shares that were kept: hex messages by the fingerprint of their key. */
export interface KeyBackup {
  readonly nonce: string
  readonly keys: ReadonlyMap<string, readonly string[]>
}

export interface RekeyPort {
  status(): Promise<RekeyStatus>
  /**
   * `known`: the caller has shown a token. Where nobody holds a recovery key there is no quorum to ask: such a caller gets the first
   * shares of one at once.
   */
  begin(wish: RekeyWish, known: boolean): Promise<RekeyStatus | NewKeys>
  submit(share: string, nonce: string): Promise<RekeyStatus | NewKeys>
  cancel(request: Cancelling): Promise<void>
  verification(): Promise<VerificationStatus>
  /** The nonce of the verification that is complete, or how far it is. */
  verify(share: string, nonce: string): Promise<VerificationStatus | string>
  restartVerification(request: Cancelling): Promise<VerificationStatus>
  backup(): Promise<KeyBackup | undefined>
  deleteBackup(): Promise<void>
}

export interface CeremoniesPort {
  readonly rootToken: RootTokenPort
  /** Of the unseal key (with the root key), or of the recovery key. */
  rekey(target: 'root' | 'recovery'): RekeyPort
  /** Another root key, without a quorum; only where a key service keeps it. */
  rotateRootKey(): Promise<void>
}

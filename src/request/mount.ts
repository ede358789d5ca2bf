/** A row of the mount table: which engine answers below which path, and how it was tuned. */

export type MountKind = 'secret' | 'auth' | 'system'

export interface MountTuning {
  /** Seconds; 0 means the system's. */
  readonly defaultLeaseTtl: number
  readonly maxLeaseTtl: number
  readonly forceNoCache: boolean
  readonly listingVisibility: '' | 'hidden' | 'unauth'
  readonly auditNonHmacRequestKeys: readonly string[]
  readonly auditNonHmacResponseKeys: readonly string[]
  readonly passthroughRequestHeaders: readonly string[]
  readonly allowedResponseHeaders: readonly string[]
  readonly tokenType: '' | 'default-service' | 'default-batch' | 'service' | 'batch'
  readonly userLockout: UserLockout | undefined
  readonly delegatedAuthAccessors: readonly string[]
  readonly identityTokenKey: string
  readonly pluginVersion: string
}

export interface UserLockout {
  readonly threshold: number
  /** Seconds. */
  readonly duration: number
  readonly counterReset: number
  readonly disable: boolean
}

export interface Mount {
  readonly kind: MountKind
  /** Ends with `/`, relative to the namespace: `secret/`, `auth/token/`, `sys/`. */
  readonly path: string
  readonly type: string
  readonly uuid: string
  /** `kv_1a2b3c4d`. */
  readonly accessor: string
  readonly description: string
  readonly options: ReadonlyMap<string, string>
  readonly local: boolean
  readonly sealWrap: boolean
  readonly externalEntropyAccess: boolean
  readonly tuning: MountTuning
  readonly namespaceId: string
  /** Being moved or removed: no request reaches it. */
  readonly tainted: boolean
}

/** Of a mount that nobody tuned. */
export const noTuning: MountTuning = Object.freeze({
  defaultLeaseTtl: 0,
  maxLeaseTtl: 0,
  forceNoCache: false,
  listingVisibility: '',
  auditNonHmacRequestKeys: [],
  auditNonHmacResponseKeys: [],
  passthroughRequestHeaders: [],
  allowedResponseHeaders: [],
  tokenType: '',
  userLockout: undefined,
  delegatedAuthAccessors: [],
  identityTokenKey: '',
  pluginVersion: '',
})

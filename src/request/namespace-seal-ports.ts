/** Namespaces with seals of their own: what the system's paths use of them. Names are of namespaces directly below the one given. */
import type { CeremoniesPort } from './ceremony-ports.ts'
import type { NamespaceInfo } from './namespace-ports.ts'
import type { Namespace } from './request.ts'
import type { SealState } from './seal-state.ts'
import type { KeyStatus, RotateConfig } from './system-ports.ts'

export interface NamespaceSealWish {
  /** The configuration, in HCL or JSON. */
  readonly seal: string
  /** One for each share: public keys in base64. */
  readonly pgpKeys: readonly string[]
}

export interface SealedNamespace {
  readonly info: NamespaceInfo
  /** In hexadecimal, told once; PGP messages where keys were given. */
  readonly keyShares: readonly string[]
  readonly threshold: number
}

/** The encryption keys of the vault, or of a namespace with a seal. */
export interface KeysPort {
  keyStatus(): KeyStatus
  rotate(): Promise<void>
  rotateConfig(): RotateConfig
  setRotateConfig(config: RotateConfig): Promise<void>
}

export interface NamespaceSealsPort {
  /** Makes a namespace, which is sealed. Rejects with `NAMESPACE_SEAL_CONFIG`, or as `NamespacesPort.put`. */
  create(
    parent: Namespace,
    name: string,
    metadata: ReadonlyMap<string, string>,
    wish: NamespaceSealWish,
  ): Promise<SealedNamespace>
  /** Rejects with `NAMESPACE_SEAL_UNKNOWN` or `NAMESPACE_NOT_SEALABLE`, as all that follow. */
  status(parent: Namespace, name: string): Promise<SealState>
  /** Rejects as the vault's own unsealing. */
  unseal(parent: Namespace, name: string, share: string): Promise<SealState>
  resetUnseal(parent: Namespace, name: string): Promise<SealState>
  /** Resolves once its keys, and those of all below it, are in no memory that this node knows of. */
  seal(parent: Namespace, name: string): Promise<void>
  /** Removes one that is sealed, with all that nobody can read. `force`: with namespaces below it. */
  deleteSealed(parent: Namespace, name: string, force: boolean): Promise<'absent' | 'going' | 'gone'>
  /** Of the namespace itself. Without a seal of its own it has no such path: `REQUEST_UNSUPPORTED_PATH`. */
  keys(namespace: Namespace): KeysPort
  /** Of those who hold shares of the namespace itself. Throws as `keys`. */
  ceremonies(namespace: Namespace): CeremoniesPort
}

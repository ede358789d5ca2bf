/** The vault as its snapshots see it: the barrier, the seal and the lifecycle behind one narrow port. */
import type { Barrier } from '../seal/barrier.ts'
import type { EntryReader } from '../request/entry-reader.ts'
import { homeNameIn } from '../request/namespace-home.ts'
import { sealErrors } from '../errors/seal.ts'
import { decodeSealConfig } from '../seal/seal-config.ts'
import type { NamespaceKeys } from '../seal/namespace-keys.ts'
import { KEYRING_KEY, OUTSIDE_BARRIER, SEAL_CONFIG_KEY, VAULT_ESSENTIALS } from '../seal/storage-keys.ts'
import type { Vault } from '../snapshot/vault.ts'
import type { Cluster } from './cluster.ts'
import type { Lifecycle } from './lifecycle.ts'

/** Under this name the checksums of snapshots are attested. */
const SUMS = 'snapshot-sums'

export function snapshotVault(parts: {
  readonly barrier: Barrier
  readonly keys: NamespaceKeys
  readonly cluster: Cluster
  readonly lifecycle: Lifecycle
  readonly sealType: string
}): Vault {
  const { barrier, keys, cluster, lifecycle, sealType } = parts
  return {
    outside: OUTSIDE_BARRIER,
    essential: VAULT_ESSENTIALS,
    sealType,
    identity: () => cluster.get(),
    sealTypeOf: (outside) => {
      const config = outside.get(SEAL_CONFIG_KEY)
      if (config === undefined) throw sealErrors.CORRUPT({ what: 'seal configuration' })
      return decodeSealConfig(config).type
    },
    attest: (sums) => barrier.attest(SUMS, sums),
    confirms: (sums, attested) => barrier.confirms(SUMS, sums, attested),
    readerOf: (outside) => {
      const keyring = outside.get(KEYRING_KEY)
      const reader = keyring && barrier.readerOf(keyring)
      return reader && withNamespaces(reader, keys)
    },
    replaceAll: (work) => lifecycle.replaceAll(work),
  }
}

/** What lies in the home of a namespace that is sealed, or had other keys then, cannot be opened here: its checksum has to do. */
function withNamespaces(reader: EntryReader, keys: NamespaceKeys): EntryReader {
  return {
    open: (key, stored) => {
      const name = homeNameIn(key)
      if (name === '') return reader.open(key, stored)
      return keys.isOpen(name) ? keys.open(key, stored) : stored
    },
    close: () => reader.close(),
  }
}

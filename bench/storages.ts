/** What the servers keep their secrets in. Like for like: each server gets its own, and what is acknowledged is on the disk. */
import { TestEtcd } from '../test/support/etcd.ts'
import { startPostgres } from '../test/support/postgres.ts'

export const storageKinds = ['lmdb', 'postgresql', 'etcd'] as const
export type StorageKind = (typeof storageKinds)[number]

export interface BenchStorage extends AsyncDisposable {
  /** The stanza of a server whose own files lie in `folder`. */
  stanza(folder: string): string
}

/** @param shared by several nodes, of which one leads. */
export async function openStorage(kind: StorageKind, shared = false): Promise<BenchStorage> {
  switch (kind) {
    case 'lmdb':
      return embedded((folder) => `storage "lmdb" { path = "${folder}/data" }`)
    case 'postgresql': {
      // The tests turn fsync off; here it is what is measured.
      const server = await startPostgres({ settings: { fsync: 'on', shared_buffers: '256MB' } })
      return {
        stanza: () => `storage "postgresql" {
  connection_url = "${server.url()}"
  ha_enabled = "${shared}"
}`,
        [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
      }
    }
    case 'etcd': {
      const etcd = await TestEtcd.start()
      return {
        stanza: () => `storage "etcd" {
  address = "${etcd.address}"
  ha_enabled = "${shared}"
}`,
        [Symbol.asyncDispose]: () => etcd[Symbol.asyncDispose](),
      }
    }
  }
}

/** The reference's counterpart of an embedded store; `join` is the address of the first node, for the others. */
export function raft(node: number, clusterPort: number, join?: string): (folder: string) => string {
  return (folder) => `storage "raft" {
  path = "${folder}/data"
  node_id = "n${node}"
  ${join === undefined ? '' : `retry_join {\n    leader_api_addr = "${join}"\n  }`}
}
cluster_addr = "http://127.0.0.1:${clusterPort}"`
}

export function embedded(stanza: (folder: string) => string): BenchStorage {
  return { stanza, [Symbol.asyncDispose]: () => Promise.resolve() }
}

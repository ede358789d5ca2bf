/** From the storage stanza to a driver: for the node itself, and for its threads, which only read. */
import type { StorageStanza } from '../config/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/observe/index.ts'
import type { Driver, Sequence } from '../storage/driver.ts'
import { CachingDriver } from '../storage/caching-driver.ts'
import type { EtcdOptions } from '../storage/drivers/etcd.ts'
import { LmdbDriver } from '../storage/drivers/lmdb.ts'
import { LmdbFollower } from '../storage/drivers/lmdb-follower.ts'
import { MemoryDriver } from '../storage/drivers/memory.ts'
import type { PostgresOptions } from '../storage/drivers/postgres.ts'

/** What a thread opens. Memory is one thread's own. */
export type ThreadStorage = Exclude<StorageStanza, { readonly type: 'inmem' }>

export interface StorageDeps {
  readonly clock: Clock
  readonly log: Logger
  /** Of a storage behind a network; 0 keeps none. */
  readonly cachedEntries: number
}

/** Bytes of one entry. */
const MAX_VALUE_BYTES = 64 * 1024 * 1024
/** Bytes of entries kept in memory. */
const CACHE_BYTES = 64 * 1024 * 1024

/**
 * What stands behind a network is loaded only where it is used: the clients are large.
 * @param followed whether threads read it, too.
 */
export async function openDriver(storage: StorageStanza, followed: boolean, deps: StorageDeps): Promise<Driver> {
  switch (storage.type) {
    case 'lmdb':
      return new LmdbDriver({ path: storage.path, maxValueBytes: MAX_VALUE_BYTES, followed })
    case 'inmem':
      return new MemoryDriver()
    case 'postgresql': {
      const { openPostgres } = await import('../storage/drivers/postgres.ts')
      return cached(await openPostgres(postgresOptions(storage, deps)), deps)
    }
    case 'etcd': {
      const { openEtcd } = await import('../storage/drivers/etcd.ts')
      return cached(await openEtcd(etcdOptions(storage, deps)), deps)
    }
  }
}

/** @param announced the newest commit that any thread of the process was told of: every snapshot shows it. */
export async function openFollower(
  storage: ThreadStorage,
  announced: () => Sequence,
  deps: StorageDeps,
): Promise<Driver> {
  switch (storage.type) {
    case 'lmdb':
      return new LmdbFollower({ path: storage.path, maxValueBytes: MAX_VALUE_BYTES, announced, clock: deps.clock })
    case 'postgresql': {
      const { openPostgres } = await import('../storage/drivers/postgres.ts')
      // One of several, whatever the stanza says: it never leads.
      return cached(
        await openPostgres({ ...postgresOptions(storage, deps), haEnabled: true, skipCreateTable: true, announced }),
        deps,
      )
    }
    case 'etcd': {
      const { openEtcd } = await import('../storage/drivers/etcd.ts')
      return cached(await openEtcd({ ...etcdOptions(storage, deps), haEnabled: true, announced }), deps)
    }
  }
}

/** A store behind a network answers in a round trip what memory answers at once. */
function cached(driver: Driver, { cachedEntries }: StorageDeps): Driver {
  return cachedEntries === 0 ? driver : new CachingDriver(driver, { entries: cachedEntries, bytes: CACHE_BYTES })
}

function postgresOptions(
  storage: Extract<StorageStanza, { readonly type: 'postgresql' }>,
  { clock, log }: StorageDeps,
): PostgresOptions {
  const { connectionUrl, table, haEnabled, haTable, maxParallel, skipCreateTable, lockTtl } = storage
  return {
    connectionUrl,
    table,
    haEnabled,
    ...(haTable === undefined ? {} : { haTable }),
    maxParallel,
    skipCreateTable,
    lockTtl,
    maxValueBytes: MAX_VALUE_BYTES,
    clock,
    log,
  }
}

function etcdOptions(
  storage: Extract<StorageStanza, { readonly type: 'etcd' }>,
  { clock, log }: StorageDeps,
): EtcdOptions {
  const { tlsCaFile, tlsCertFile, tlsKeyFile, tlsServerName, username, password } = storage
  const given = {
    ...(tlsCaFile === undefined ? {} : { caFile: tlsCaFile }),
    ...(tlsCertFile === undefined ? {} : { certFile: tlsCertFile }),
    ...(tlsKeyFile === undefined ? {} : { keyFile: tlsKeyFile }),
    ...(tlsServerName === undefined ? {} : { serverName: tlsServerName }),
  }
  return {
    addresses: storage.address.length === 0 ? ['http://127.0.0.1:2379'] : storage.address,
    path: storage.path,
    ...(Object.keys(given).length === 0 ? {} : { tls: given }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    haEnabled: storage.haEnabled,
    lockTtl: storage.lockTimeout,
    requestTimeout: storage.requestTimeout,
    clock,
    log,
  }
}

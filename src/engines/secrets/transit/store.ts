/**
 * Where a mount keeps its keys, and how. Nothing else spells these storage keys.
 *
 *     key/<name>                   what holds for all versions of a key: small, read by every request
 *     version/<name>/<number>      a version's secrets, read once and kept by whoever works with them
 *     rotation/<name>              there while the key rotates by itself
 *     wrapping-key                 the RSA key under which keys are imported
 *     config/keys, config/cache    what holds for the whole mount
 *
 * Whatever changes a version also writes the key's record, whose `stamp` is new with each write: who holds the record that a snapshot
 * shows holds the versions that it shows.
 */
import {
  collection,
  collectionOf,
  f,
  toUtf8,
  type Infer,
  type ReadView,
  type RecordCodec,
  type WriteView,
} from '#framework'
import { transitErrors } from './errors.ts'
import { keyTypeOf } from './key-types.ts'
import { newStamp, oldestVersion, type Key, type KeyVersion } from './key.ts'
import { versionCodec } from './version-codec.ts'

const moment = f.object({ time: f.int(), version: f.int() }).optional()

const keyFields = {
  stamp: f.string(),
  type: f.string(),
  keySize: f.int().default(0),
  derived: f.bool().default(false),
  kdf: f.enum(['hkdf', 'counter']).default('hkdf'),
  convergent: f.bool().default(false),
  exportable: f.bool().default(false),
  allowPlaintextBackup: f.bool().default(false),
  deletionAllowed: f.bool().default(false),
  minDecryptionVersion: f.int(),
  minEncryptionVersion: f.int().default(0),
  minAvailableVersion: f.int().default(0),
  latestVersion: f.int(),
  autoRotatePeriod: f.int().default(0),
  imported: f.bool().default(false),
  allowImportedRotation: f.bool().default(false),
  softDeleted: f.bool().default(false),
  backup: moment,
  restored: moment,
}

const records = collection('key/{name}', keyFields)
const markers = collectionOf('rotation/{name}', emptyCodec())
const versions = collectionOf('version/{name}/{number}', versionCodec)

function emptyCodec(): RecordCodec<true> {
  return { encode: () => toUtf8('1'), decode: () => true }
}

function keyOf(name: string, record: Infer<typeof keyFields>): Key {
  const type = keyTypeOf(record.type)
  if (type === undefined) throw new Error('a stored key is of a type that this program does not know')
  return { ...record, name, type }
}

function recordOf(key: Key): Infer<typeof keyFields> {
  return { ...key, stamp: newStamp(), type: key.type.name }
}

export const keys = {
  /** The record as stored, to be told from any other. */
  bytes: (view: ReadView, name: string) => view.get(records.key({ name })),
  decode: (name: string, bytes: Uint8Array): Key => keyOf(name, records.decode(bytes)),
  get: async (view: ReadView, name: string): Promise<Key | undefined> => {
    const record = await records.get(view, { name })
    return record && keyOf(name, record)
  },
  list: records.list,
  put: (view: WriteView, key: Key): void => {
    records.put(view, { name: key.name }, recordOf(key))
    if (key.autoRotatePeriod > 0) markers.put(view, { name: key.name }, true)
    else markers.delete(view, { name: key.name })
  },
  /** The key and all its versions. */
  delete: (view: WriteView, key: Key): void => {
    const { name } = key
    records.delete(view, { name })
    markers.delete(view, { name })
    for (let number = oldestVersion(key); number <= key.latestVersion; number++)
      versions.delete(view, { name, number: padded(number) })
  },
  rotating: (view: ReadView): Promise<string[]> => markers.list(view),
}

/** Numbers of one length, so that names are as long for all versions. */
function padded(number: number): string {
  return String(number).padStart(10, '0')
}

export const keyVersions = {
  get: (view: ReadView, name: string, number: number): Promise<KeyVersion | undefined> =>
    versions.get(view, { name, number: padded(number) }),
  /** Of a version that must be there. */
  require: async (view: ReadView, name: string, number: number): Promise<KeyVersion> => {
    const version = await keyVersions.get(view, name, number)
    if (version === undefined) throw transitErrors.DAMAGED()
    return version
  },
  put: (view: WriteView, name: string, number: number, version: KeyVersion): void =>
    versions.put(view, { name, number: padded(number) }, version),
  delete: (view: WriteView, name: string, number: number): void =>
    versions.delete(view, { name, number: padded(number) }),
}

const wrapping = collectionOf('wrapping-key', versionCodec)

export const wrappingKey = {
  get: (view: ReadView): Promise<KeyVersion | undefined> => wrapping.get(view, {}),
  put: (view: WriteView, version: KeyVersion): void => wrapping.put(view, {}, version),
}

const keysConfig = collection('config/keys', { disableUpsert: f.bool().default(false) })
const cacheConfig = collection('config/cache', { size: f.int().default(0) })

export const config = {
  disableUpsert: async (view: ReadView): Promise<boolean> => (await keysConfig.get(view, {}))?.disableUpsert ?? false,
  setDisableUpsert: (view: WriteView, disableUpsert: boolean): void => keysConfig.put(view, {}, { disableUpsert }),
  cacheSize: async (view: ReadView): Promise<number> => (await cacheConfig.get(view, {}))?.size ?? 0,
  setCacheSize: (view: WriteView, size: number): void => cacheConfig.put(view, {}, { size }),
}

/** `key/<name>`: a key. `tried/<name>`: the codes that were tried of late under that name, whatever became of the key meanwhile. */
import { collection, f, type ReadView, type WriteView } from '#framework'
import { fromBase32, toBase32 } from '../../../lib/otp/base32.ts'
import { algorithms } from '../../../lib/otp/codes.ts'
import type { Key } from './domain.ts'
import type { TriedCode } from './tried-codes.ts'

interface KeyName {
  readonly name: string
}

const records = collection('key/{name}', {
  secret: f.string(),
  issuer: f.string(),
  account_name: f.string(),
  period: f.int(),
  algorithm: f.enum(algorithms),
  digits: f.int(),
  skew: f.int(),
})

const tried = collection('tried/{name}', {
  codes: f.array(f.object({ code: f.string(), valid: f.bool(), until: f.int() })),
})

export const keys = {
  list: records.list,
  delete: records.delete,
  get: async (view: ReadView, name: KeyName): Promise<Key | undefined> => {
    const record = await records.get(view, name)
    if (record === undefined) return undefined
    const { secret, account_name: accountName, ...rest } = record
    const bytes = fromBase32(secret)
    if ('wrongAt' in bytes) throw new Error('a stored key is no Base32')
    return { ...rest, accountName, secret: bytes }
  },
  put: (view: WriteView, name: KeyName, { secret, accountName, ...rest }: Key): void =>
    records.put(view, name, { ...rest, account_name: accountName, secret: toBase32(secret) }),
}

export const triedCodes = {
  get: async (view: ReadView, name: KeyName): Promise<readonly TriedCode[]> =>
    (await tried.get(view, name))?.codes ?? [],
  put: (view: WriteView, name: KeyName, codes: readonly TriedCode[]): void => tried.put(view, name, { codes }),
  delete: tried.delete,
  names: (view: ReadView): Promise<string[]> => tried.list(view),
}

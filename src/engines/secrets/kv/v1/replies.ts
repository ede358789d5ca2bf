import { f, okData, replySchema, type Reply } from '#framework'
import type { Entry } from './store.ts'

export const entryReply = replySchema('The secret, as it was written.', {})

export const keysReply = replySchema('Names, folders with a slash at the end.', { keys: f.strings('The names.') })

/** `lease_duration` only advises when to read again: there is no lease. */
export function entryOut(entry: Entry, defaultTtl: number): Reply {
  return okData(entry.data, { leaseDuration: entry.leaseDuration ?? defaultTtl, renewable: false })
}

/** The lease side of tokens: their places in the index of leases and in the expiry index. Holds nothing, so it can be made first. */
import type { TokenLeases } from '../request/token-ports.ts'
import { absentWhileSealed } from '../errors/namespaces.ts'
import { leaseIdOf, leaseKeys } from './lease-keys.ts'
import { decodeName, dueNow, leaseRecords } from './lease-record.ts'

export const tokenLeases: TokenLeases = Object.freeze({
  enter(view, { key, path, namespaceId, expiresAt, role }) {
    const id = leaseIdOf(path, key, namespaceId)
    view.put(leaseKeys.id(namespaceId, id), Buffer.from(role))
    if (expiresAt !== undefined) view.put(leaseKeys.dueAt(namespaceId, expiresAt, key), dueValue(namespaceId, id))
  },

  reschedule(view, { key, path, namespaceId }, from, to) {
    if (from !== undefined) view.delete(leaseKeys.dueAt(namespaceId, from, key))
    view.put(leaseKeys.dueAt(namespaceId, to, key), dueValue(namespaceId, leaseIdOf(path, key, namespaceId)))
  },

  remove(view, { key, path, namespaceId, expiresAt }) {
    view.delete(leaseKeys.id(namespaceId, leaseIdOf(path, key, namespaceId)))
    if (expiresAt !== undefined) view.delete(leaseKeys.dueAt(namespaceId, expiresAt, key))
  },

  async release(view, key, limit, now) {
    const links = await view.keys(leaseKeys.ofToken(key), { limit })
    for (const link of links) {
      const bytes = await view.get(link)
      view.delete(link)
      const name = bytes === undefined ? undefined : decodeName(bytes)
      // One whose namespace is sealed is ended when that is opened, as one whose token is gone.
      const lease = name && (await absentWhileSealed(() => leaseRecords.get(view, name.namespaceId, name.id)))
      if (lease === undefined || lease === 'token') continue
      leaseRecords.change(view, lease, { ...dueNow(lease, now), tokenKey: '' })
    }
    return links.length
  },
} satisfies TokenLeases)

function dueValue(namespaceId: string, id: string): Uint8Array {
  return Buffer.from(JSON.stringify([namespaceId, id]))
}

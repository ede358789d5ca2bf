import { definePath, f, okData } from '#framework'
import { transitErrors } from '../errors.ts'
import { oldestVersion, type Key } from '../key.ts'
import { keyOut, keyReply } from '../replies.ts'
import { keys, keyVersions } from '../store.ts'
import { keyName } from './fields.ts'

export const trim = definePath('keys/{name}/trim', {
  help: 'Remove the oldest versions of a key.',
  params: { name: keyName },
}).write({
  summary: 'Remove versions of a key for good. Both minima have to be set, and the versions to be below them.',
  fields: { min_available_version: f.int('The oldest version that stays.').optional() },
  replies: { 200: keyReply },
  operationId: 'transit-trim-key',
  run: async (c) => {
    const before = await keys.get(c.view, c.params.name)
    if (before === undefined) throw transitErrors.NO_KEY_TO_TRIM()
    const minimum = c.in.min_available_version
    if (minimum === undefined) throw transitErrors.MISSING({ what: 'min_available_version' })
    const why = fault(before, minimum)
    if (why !== undefined) throw transitErrors.TRIM({ why })
    for (let number = oldestVersion(before); number < minimum; number++) keyVersions.delete(c.view, before.name, number)
    const after: Key = { ...before, minAvailableVersion: minimum }
    keys.put(c.view, after)
    return okData(await keyOut(c.view, after))
  },
})

/** In the order and the words of Vault. */
function fault(key: Key, minimum: number): string | undefined {
  const subject = 'minimum available version'
  if (minimum < key.minAvailableVersion) return `${subject} cannot be decremented`
  if (key.minEncryptionVersion === 0) return `${subject} cannot be set when minimum encryption version is not set`
  if (minimum > key.minEncryptionVersion) return `${subject} cannot be greater than minmum encryption version`
  if (minimum > key.minDecryptionVersion) return `${subject} cannot be greater than minimum decryption version`
  if (minimum < 0) return `${subject} cannot be negative`
  return minimum === 0 ? `${subject} should be positive` : undefined
}

import { definePath, f, okData } from '#framework'
import { transitErrors } from '../errors.ts'
import { assertRotatePeriod, type Key } from '../key.ts'
import { keyOut, keyReply } from '../replies.ts'
import { keys } from '../store.ts'
import { autoRotatePeriod, keyName } from './fields.ts'

const fields = {
  min_decryption_version: f.int('The oldest version that may still decrypt and verify.').optional(),
  min_encryption_version: f
    .int('The oldest version that may still encrypt and sign; 0 for the latest alone.')
    .optional(),
  deletion_allowed: f.bool('The key may be deleted.').optional(),
  exportable: f.bool('The key may leave the server. Cannot be taken back.').optional(),
  allow_plaintext_backup: f.bool('The key may be backed up in clear. Cannot be taken back.').optional(),
  auto_rotate_period: autoRotatePeriod.optional(),
}

export const keyConfig = definePath('keys/{name}/config', {
  help: 'Configure a key.',
  params: { name: keyName },
}).write({
  summary: 'Set what holds for a key. What is left out stays as it is.',
  fields,
  replies: { 200: keyReply },
  operationId: 'transit-configure-key',
  run: async (c) => {
    const { name } = c.params
    const before = await keys.get(c.view, name)
    if (before === undefined) throw transitErrors.NO_KEY_TO_CONFIGURE({ name })
    if (c.in.min_decryption_version === 0)
      c.warn('since Vault 0.3, transit key numbering starts at 1; forcing minimum to 1')
    if (c.in.auto_rotate_period !== undefined) assertRotatePeriod(c.in.auto_rotate_period)
    const after: Key = {
      ...before,
      ...minima(before, c.in.min_decryption_version, c.in.min_encryption_version),
      deletionAllowed: c.in.deletion_allowed ?? before.deletionAllowed,
      exportable: before.exportable || c.in.exportable === true,
      allowPlaintextBackup: before.allowPlaintextBackup || c.in.allow_plaintext_backup === true,
      autoRotatePeriod: c.in.auto_rotate_period ?? before.autoRotatePeriod,
    }
    assertAvailable(after)
    keys.put(c.view, after)
    return okData(await keyOut(c.view, after))
  },
})

/** Each is checked by itself, then both together. */
function minima(before: Key, decryption: number | undefined, encryption: number | undefined) {
  const minDecryptionVersion = minimum(
    before,
    'decryption',
    decryption === 0 ? 1 : decryption,
    before.minDecryptionVersion,
  )
  const minEncryptionVersion = minimum(before, 'encryption', encryption, before.minEncryptionVersion)
  if (minEncryptionVersion > 0 && minEncryptionVersion < minDecryptionVersion)
    throw transitErrors.MIN_ENCRYPTION_BELOW_DECRYPTION({
      encryption: minEncryptionVersion,
      decryption: minDecryptionVersion,
    })
  return { minDecryptionVersion, minEncryptionVersion }
}

function minimum(before: Key, what: string, asked: number | undefined, present: number): number {
  if (asked === undefined || asked === present) return present
  if (asked < 0) throw transitErrors.MIN_NEGATIVE({ what })
  if (asked > before.latestVersion) throw transitErrors.MIN_TOO_HIGH({ what, to: asked, latest: before.latestVersion })
  return asked
}

function assertAvailable({ minAvailableVersion, minEncryptionVersion, minDecryptionVersion }: Key): void {
  if (minAvailableVersion > minEncryptionVersion) throw transitErrors.MIN_ENCRYPTION_BELOW_AVAILABLE()
  if (minAvailableVersion > minDecryptionVersion) throw transitErrors.MIN_DECRYPTION_BELOW_AVAILABLE()
}

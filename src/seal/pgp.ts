/** Encrypts what `sys/init` and the like reveal to the PGP keys of those who shall hold it. */
import type { Key } from 'openpgp'
import { sealErrors } from '../errors/seal.ts'
import { wipe } from '../lib/secure/guarded.ts'

export interface PgpRecipient {
  /** Hex, lower case. */
  readonly fingerprint: string
  /** The binary PGP message. */
  encrypt(secret: Uint8Array): Promise<Uint8Array>
}

/**
 * Reads a public key as Vault takes it: the binary key in base64. Throws `SEAL_BAD_PGP_KEY`, whose sentence the caller may put
 * behind words of its own.
 */
export async function readPgpKey(base64: string): Promise<PgpRecipient> {
  if (base64.startsWith('keybase:')) throw bad('keys from keybase.io are not fetched: give the public key in base64')
  const at = firstBadCharacter(base64)
  if (at !== undefined) throw bad(`error decoding given PGP key: illegal base64 data at input byte ${at}`)
  const key = await parse(Buffer.from(base64, 'base64'))
  return {
    fingerprint: key.getFingerprint(),
    encrypt: async (secret) => {
      const { createMessage, encrypt } = await openpgp()
      const message = await createMessage({ binary: secret })
      return await encrypt({ message, encryptionKeys: key, format: 'binary' })
    },
  }
}

/** Each share goes out as its hex text, encrypted: what its holder decrypts can be given to `operator unseal` as it is. Wipes the shares. */
export async function encryptShares(
  shares: readonly Uint8Array[],
  recipients: readonly PgpRecipient[],
): Promise<Uint8Array[]> {
  const encrypted: Uint8Array[] = []
  for (const [i, recipient] of recipients.entries()) {
    const share = shares[i] ?? new Uint8Array(0)
    encrypted.push(await recipient.encrypt(Buffer.from(Buffer.from(share).toString('hex'))))
  }
  for (const share of shares) wipe(share)
  return encrypted
}

async function parse(binaryKey: Uint8Array): Promise<Key> {
  const { readKey } = await openpgp()
  try {
    const key = await readKey({ binaryKey })
    // Expired, revoked and sign-only keys are found out before anything is made for them.
    await key.getEncryptionKey()
    return key
  } catch (error) {
    throw bad(`error parsing given PGP key: ${error instanceof Error ? error.message : 'not a PGP key'}`)
  }
}

/** Where base64 with padding (RFC 4648 section 4) ends to be one. */
function firstBadCharacter(text: string): number | undefined {
  const plain = text.replaceAll(/[\r\n]/g, '')
  const good = /^[A-Za-z0-9+/]*/.exec(plain)?.[0].length ?? 0
  const padding = plain.slice(good)
  const wanted = (4 - (good % 4)) % 4
  if (wanted !== 3 && padding === '='.repeat(wanted)) return undefined
  return padding === '' ? good - (good % 4) : good
}

function bad(reason: string) {
  return sealErrors.BAD_PGP_KEY({ reason })
}

/** Loaded when a key is given: it takes a fifth of the server's start, and most starts never need it. */
function openpgp() {
  return import('openpgp')
}

/** The certificates that belong to a key version. */
import { X509Certificate } from 'node:crypto'
import { transitErrors } from './errors.ts'
import type { KeyType } from './key-types.ts'
import { pemBlocks } from './pem.ts'

const LABELS = new Set(['CERTIFICATE', 'X509 CERTIFICATE'])

/** DER, the leaf first. Throws `TRANSIT_CHAIN` in Vault's words. */
export function chainOf(pem: string, type: KeyType, publicKey: Uint8Array | undefined): readonly Uint8Array[] {
  const certificates = pemBlocks(pem)
    .filter(({ label }) => LABELS.has(label))
    .map(({ der }) => parsed(der))
  const [leaf, ...above] = certificates
  if (leaf === undefined) throw refused('provided certificate chain did not contain any valid PEM encoded certificate')
  if (leaf.ca) throw unstored('certificate in the first element is not a valid leaf certificate')
  if (above.length > 0 && above.at(-1)?.ca !== true)
    throw unstored('certificate in the last element is not a valid CA certificate')
  if (above.some((certificate) => !certificate.ca))
    throw unstored('could not validate if there is only one leaf certificate in the provided chain')
  assertMatches(leaf, type, publicKey)
  return certificates.map((certificate) => Uint8Array.from(certificate.raw))
}

function assertMatches(leaf: X509Certificate, type: KeyType, publicKey: Uint8Array | undefined): void {
  const found = leaf.publicKey.asymmetricKeyType
  const expected = type.family === 'ecdsa' ? 'ec' : type.family === 'rsa' ? 'rsa' : type.name
  if (found !== expected)
    throw unstored(
      'could not validate key match between leaf certificate key and key entry in transit: provided leaf certificate public key ' +
        `algorithm does not match the transit key type '${type.name}'`,
    )
  const spki = leaf.publicKey.export({ format: 'der', type: 'spki' })
  if (publicKey === undefined || Buffer.compare(spki, publicKey) !== 0)
    throw unstored('leaf certificate public key does not match the selected key version')
}

function parsed(der: Buffer): X509Certificate {
  try {
    return new X509Certificate(der)
  } catch (error) {
    throw transitErrors.CHAIN({ why: 'could not parse a certificate in the certificate chain' }, { cause: error })
  }
}

function refused(why: string) {
  return transitErrors.CHAIN({ why })
}

function unstored(why: string) {
  return refused(`failed to persist certificate chain: ${why}`)
}

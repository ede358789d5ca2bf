/** Client certificates, signed by a CA that the role holds. */
import { randomBytes, webcrypto, X509Certificate as NodeCertificate } from 'node:crypto'
import type * as peculiar from '@peculiar/x509'
import { passingKey } from '../../../lib/secure/openssl-heap.ts'
import { renderName } from './domain.ts'

export interface CertificateConfig {
  readonly common_name_template: string
  readonly ca_cert: string
  readonly ca_private_key: string
  readonly key_type: string
  readonly key_bits: number
  readonly signature_bits: number
}

export interface ClientCertificate {
  /** As the database knows its holder: `CN=name`. */
  readonly subject: string
  /** PEM. */
  readonly certificate: string
  readonly privateKey: string
  readonly privateKeyType: string
}

const BITS: ReadonlyMap<string, ReadonlySet<number>> = new Map([
  ['rsa', new Set([0, 2048, 3072, 4096])],
  ['ec', new Set([0, 256, 384, 521])],
  ['ed25519', new Set()],
])
const SIGNATURE_BITS = new Set([0, 256, 384, 512])
/** A clock that goes behind must not make it invalid. */
const BACK_DATED = 30_000

/** Throws an `Error` with Vault's sentence for what cannot work. */
export function assertCertificateConfig(given: ReadonlyMap<string, string>): CertificateConfig {
  const text = (name: string): string => given.get(name) ?? ''
  const config = {
    common_name_template: text('common_name_template'),
    ca_cert: text('ca_cert'),
    ca_private_key: text('ca_private_key'),
    key_type: text('key_type'),
    key_bits: Number(text('key_bits') || '0'),
    signature_bits: Number(text('signature_bits') || '0'),
  }
  const bits = BITS.get(config.key_type)
  if (bits === undefined) throw new Error('invalid key_type')
  if (bits.size > 0 && !bits.has(config.key_bits)) throw new Error('invalid key_bits')
  if (!SIGNATURE_BITS.has(config.signature_bits)) throw new Error('invalid signature_bits')
  if (config.common_name_template === '') throw new Error('missing required common_name_template')
  renderName(config.common_name_template, { displayName: 'display', roleName: 'role' }, 0)
  if (config.ca_cert === '') throw new Error('missing required ca_cert')
  if (config.ca_private_key === '') throw new Error('missing required ca_private_key')
  assertCa(config)
  return config
}

function assertCa({ ca_cert: cert, ca_private_key: key }: CertificateConfig): void {
  let ca: NodeCertificate
  try {
    ca = new NodeCertificate(cert)
  } catch {
    throw new Error('certificate not found in the PEM bundle')
  }
  let belongs: boolean
  try {
    belongs = ca.checkPrivateKey(caKey(key))
  } catch {
    throw new Error('private key not found in the PEM bundle')
  }
  if (!belongs) throw new Error('the private key does not belong to the certificate')
  if (!ca.ca) throw new Error('the given certificate is not marked for CA use')
}

export async function certificateFor(
  config: CertificateConfig,
  wish: {
    readonly displayName: string
    readonly roleName: string
    readonly now: number
    readonly expiresAt: number
  },
): Promise<ClientCertificate> {
  // The library wants this to be there before it.
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509')
  x509.cryptoProvider.set(webcrypto)
  const commonName = renderName(config.common_name_template, wish, wish.now)
  const { ca, signingKey, hash } = await authorityOf(config, x509)
  const keys = await webcrypto.subtle.generateKey(keyAlgorithm(config), true, ['sign', 'verify'])
  if (!('publicKey' in keys)) throw new Error('a pair of keys was asked for')
  const name = new x509.Name([{ CN: [commonName] }])
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: `00${randomBytes(19).toString('hex')}`,
    subject: name.toJSON(),
    issuer: ca.subject,
    notBefore: new Date(wish.now - BACK_DATED),
    notAfter: new Date(wish.expiresAt),
    publicKey: keys.publicKey,
    signingKey,
    ...(hash === undefined ? {} : { signingAlgorithm: { ...signingKey.algorithm, hash } }),
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
    ],
  })
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey))
  return {
    subject: `CN=${commonName}`,
    certificate: certificate.toString('pem'),
    privateKey: pemOf(der),
    privateKeyType: config.key_type,
  }
}

/** Of characters. A key of 16384 bits has 13,000; what is larger would take its share of the locked heap before anybody saw it. */
const MOST_OF_KEY = 65_536

/** Throws where the bundle has no private key. */
function caKey(pem: string) {
  if (pem.length > MOST_OF_KEY) throw new Error('the private key is too long')
  return passingKey({ key: pem })
}

function pemOf(pkcs8: Buffer): string {
  const lines = pkcs8.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`
}

type X509 = typeof peculiar

async function authorityOf(
  { ca_cert: cert, ca_private_key: pem, signature_bits: bits }: CertificateConfig,
  x509: X509,
) {
  const key = caKey(pem)
  const hash = `SHA-${bits === 0 ? 256 : bits}`
  const curve = CURVES.get(key.asymmetricKeyDetails?.namedCurve ?? '')
  const algorithm =
    key.asymmetricKeyType === 'rsa'
      ? { name: 'RSASSA-PKCS1-v1_5', hash }
      : key.asymmetricKeyType === 'ed25519'
        ? { name: 'Ed25519' }
        : { name: 'ECDSA', namedCurve: curve ?? 'P-256' }
  const der = key.export({ type: 'pkcs8', format: 'der' })
  const signingKey = await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign'])
  return {
    ca: new x509.X509Certificate(cert),
    signingKey,
    hash: key.asymmetricKeyType === 'ed25519' ? undefined : hash,
  }
}

const CURVES: ReadonlyMap<string, string> = new Map([
  ['prime256v1', 'P-256'],
  ['secp384r1', 'P-384'],
  ['secp521r1', 'P-521'],
])

function keyAlgorithm({ key_type: type, key_bits: bits }: CertificateConfig) {
  if (type === 'rsa')
    return {
      name: 'RSASSA-PKCS1-v1_5',
      modulusLength: bits === 0 ? 2048 : bits,
      publicExponent: new Uint8Array([1, 0, 1]),
      hash: 'SHA-256',
    }
  if (type === 'ec') return { name: 'ECDSA', namedCurve: `P-${bits === 0 ? 256 : bits}` }
  return { name: 'Ed25519' }
}

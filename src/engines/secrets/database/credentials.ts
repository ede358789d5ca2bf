/** What users prove themselves with: what a role may say of it, and making one. */
import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import { RawJson, stringify, CofferError } from '#framework'
import { withPassingKeys } from '../../../lib/secure/openssl-heap.ts'
import { defaultPasswordPolicy, generatePassword } from '../../../lib/password-policy/index.ts'
import type { PasswordsPort } from '../../../request/password-ports.ts'
import { assertCertificateConfig, certificateFor, type CertificateConfig } from './certificates.ts'
import { textOf, valuesOf } from './domain.ts'
import { databaseErrors } from './errors.ts'
import type { Credential, CredentialType } from './plugins/plugin.ts'

const generate = promisify(generateKeyPair)
/** Of OpenSSL's locked heap, until what made them is collected: a key; a key and twice the one of the CA. */
const KEY_LEFT = 2560
const CERTIFICATE_LEFT = 3 * KEY_LEFT
const KEY_BITS = new Set([2048, 3072, 4096])

/** A credential as the database is told of it, and the members of the reply that hold it. */
export interface Made {
  readonly credential: Credential
  readonly shown: ReadonlyMap<string, string>
}

/** As Vault shows and keeps it: with defaults, and without what means nothing. Throws `DATABASE_CREDENTIAL_CONFIG`. */
export function credentialConfig(type: CredentialType, given: ReadonlyMap<string, string>): RawJson {
  if (type === 'rsa_private_key') {
    const format = (given.get('format') ?? '') || 'pkcs8'
    if (format.toLowerCase() !== 'pkcs8') throw invalid(`invalid format: ${format}`)
    return new RawJson(
      stringify(
        new Map<string, string | number>([
          ['format', 'pkcs8'],
          ['key_bits', rsaBits(given)],
        ]),
      ),
    )
  }
  if (type === 'client_certificate') return new RawJson(stringify(certificateConfig(given)))
  const policy = given.get('password_policy') ?? ''
  return new RawJson(policy === '' ? '{}' : stringify(new Map([['password_policy', policy]])))
}

function rsaBits(given: ReadonlyMap<string, string>): number {
  const text = given.get('key_bits') ?? ''
  const bits = text === '' || text === '0' ? 2048 : Number(text)
  if (!KEY_BITS.has(bits)) throw invalid(`invalid key_bits: ${text}`)
  return bits
}

function certificateConfig(given: ReadonlyMap<string, string>): ReadonlyMap<string, string | number> {
  try {
    const config = assertCertificateConfig(given)
    return new Map(Object.entries(config).filter(([, value]) => value !== '' && value !== 0))
  } catch (error) {
    throw error instanceof CofferError ? error : invalid(error instanceof Error ? error.message : 'invalid')
  }
}

function invalid(reason: string): CofferError {
  return databaseErrors.CREDENTIAL_CONFIG({ reason })
}

/** Who the credential is for, and for how long. */
export interface Wish {
  readonly namespaceId: string
  readonly type: CredentialType
  readonly config: RawJson
  /** Of the connection, for roles without one of their own. */
  readonly passwordPolicy: string
  readonly displayName: string
  readonly roleName: string
  readonly now: number
  /** Wall clock, ms. */
  readonly expiresAt: number
}

export async function makeCredential(wish: Wish, passwords: PasswordsPort): Promise<Made> {
  const { type, config, namespaceId, passwordPolicy } = wish
  const values = valuesOf(config)
  if (type === 'password') {
    const policy = textOf(values, 'password_policy') || passwordPolicy
    const password = await makePassword(policy, namespaceId, passwords)
    return { credential: { type, password }, shown: new Map([['password', password]]) }
  }
  if (type === 'rsa_private_key') {
    const { publicKey, privateKey } = await withPassingKeys(KEY_LEFT, () =>
      generate('rsa', {
        modulusLength: Number(values.get('key_bits')),
        publicKeyEncoding: { type: 'spki', format: 'pem' },
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      }),
    )
    return { credential: { type, publicKey }, shown: new Map([['rsa_private_key', privateKey]]) }
  }
  const text = (name: keyof CertificateConfig): string => textOf(values, name)
  const make = () =>
    certificateFor(
      {
        common_name_template: text('common_name_template'),
        ca_cert: text('ca_cert'),
        ca_private_key: text('ca_private_key'),
        key_type: text('key_type'),
        key_bits: Number(values.get('key_bits') ?? 0),
        signature_bits: Number(values.get('signature_bits') ?? 0),
      },
      wish,
    )
  const made = await withPassingKeys(CERTIFICATE_LEFT, make)
  return {
    credential: { type, subject: made.subject },
    shown: new Map([
      ['client_certificate', made.certificate],
      ['private_key', made.privateKey],
      ['private_key_type', made.privateKeyType],
    ]),
  }
}

/** By the policy of that name, or Vault's 20 characters where it is empty. Rejects with `DATABASE_PASSWORD`. */
export async function makePassword(policy: string, namespaceId: string, passwords: PasswordsPort): Promise<string> {
  if (policy === '') return generatePassword(defaultPasswordPolicy)
  try {
    return await passwords.byPolicy(namespaceId, policy)
  } catch (error) {
    if (!(error instanceof CofferError) || error.status >= 500) throw error
    throw databaseErrors.PASSWORD({ reason: 'no password policy found' }, { cause: error })
  }
}

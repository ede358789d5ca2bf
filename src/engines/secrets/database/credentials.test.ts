import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, webcrypto, X509Certificate } from 'node:crypto'
import { before, suite, test } from 'node:test'
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { CofferError } from '#framework'
import type { PasswordsPort } from '../../../request/password-ports.ts'
import { credentialConfig, makeCredential, makePassword, type Wish } from './credentials.ts'

const NOW = Date.UTC(2026, 5, 1)
const passwords: PasswordsPort = { byPolicy: async (namespace, name) => `${namespace}/${name}` }

function wish(type: Wish['type'], config: Readonly<Record<string, string>>): Wish {
  return {
    namespaceId: 'root',
    type,
    config: credentialConfig(type, new Map(Object.entries(config))),
    passwordPolicy: '',
    displayName: 'token-ci',
    roleName: 'app',
    now: NOW,
    expiresAt: NOW + 3_600_000,
  }
}

const refused = (reason: RegExp) => (error: unknown) =>
  error instanceof CofferError && error.code === 'DATABASE_CREDENTIAL_CONFIG' && reason.test(error.message)

test('passwords: by the role’s policy, the connection’s, or none', async () => {
  const own = await makeCredential({ ...wish('password', { password_policy: 'a' }), passwordPolicy: 'b' }, passwords)
  assert.deepEqual(own.credential, { type: 'password', password: 'root/a' })
  const inherited = await makeCredential({ ...wish('password', {}), passwordPolicy: 'b' }, passwords)
  assert.equal(inherited.shown.get('password'), 'root/b')
  assert.match(await makePassword('', 'root', passwords), /^[\w-]{20}$/)
})

test('RSA keys', async () => {
  const { credential, shown } = await makeCredential(wish('rsa_private_key', { key_bits: '3072' }), passwords)
  assert.equal(credential.type, 'rsa_private_key')
  const key = createPrivateKey(shown.get('rsa_private_key') ?? '')
  assert.equal(key.asymmetricKeyDetails?.modulusLength, 3072)
  assert.equal(
    createPublicKey(key).export({ type: 'spki', format: 'pem' }),
    'publicKey' in credential && credential.publicKey,
  )
  assert.throws(() => wish('rsa_private_key', { format: 'der' }), refused(/invalid format: der/))
  assert.throws(() => wish('rsa_private_key', { key_bits: '1024' }), refused(/invalid key_bits: 1024/))
})

suite('client certificates', () => {
  let ca: { readonly cert: string; readonly key: string }
  let leaf: { readonly cert: string; readonly key: string }
  before(async () => {
    x509.cryptoProvider.set(webcrypto)
    ca = await selfSigned(true)
    leaf = await selfSigned(false)
  })
  const config = (more: Readonly<Record<string, string>> = {}) => ({
    common_name_template: '{{.RoleName}}-{{.DisplayName | truncate 5}}',
    ca_cert: ca.cert,
    ca_private_key: ca.key,
    key_type: 'ec',
    ...more,
  })

  for (const [type, bits, name] of [
    ['rsa', '2048', 'rsa'],
    ['ec', '384', 'ec'],
    ['ed25519', '0', 'ed25519'],
  ] as const) {
    test(`${type} ${bits}`, async () => {
      const wanted = wish('client_certificate', config({ key_type: type, key_bits: bits }))
      const { credential, shown } = await makeCredential(wanted, passwords)
      assert.deepEqual(credential, { type: 'client_certificate', subject: 'CN=app-token' })
      const certificate = new X509Certificate(shown.get('client_certificate') ?? '')
      assert.equal(certificate.subject, 'CN=app-token')
      assert.ok(certificate.verify(new X509Certificate(ca.cert).publicKey))
      assert.ok(certificate.checkPrivateKey(createPrivateKey(shown.get('private_key') ?? '')))
      assert.equal(shown.get('private_key_type'), name)
      assert.equal(certificate.ca, false)
      // Client authentication.
      assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2'])
      assert.equal(Date.parse(certificate.validTo), NOW + 3_600_000)
      assert.equal(Date.parse(certificate.validFrom), NOW - 30_000)
    })
  }

  test('what cannot work is refused', () => {
    const of = (more: Readonly<Record<string, string>>) => () => wish('client_certificate', config(more))
    assert.throws(of({ key_type: 'dsa' }), refused(/invalid key_type/))
    assert.throws(of({ key_bits: '255' }), refused(/invalid key_bits/))
    assert.throws(of({ signature_bits: '1' }), refused(/invalid signature_bits/))
    assert.throws(of({ common_name_template: '' }), refused(/missing required common_name_template/))
    assert.throws(of({ common_name_template: '{{' }), /unclosed action/)
    assert.throws(of({ ca_cert: '' }), refused(/missing required ca_cert/))
    assert.throws(of({ ca_cert: 'x' }), refused(/certificate not found/))
    assert.throws(of({ ca_private_key: '' }), refused(/missing required ca_private_key/))
    assert.throws(of({ ca_private_key: 'x' }), refused(/private key not found/))
    assert.throws(of({ ca_private_key: leaf.key }), refused(/does not belong/))
    assert.throws(of({ ca_cert: leaf.cert, ca_private_key: leaf.key }), refused(/not marked for CA use/))
  })
})

async function selfSigned(ca: boolean): Promise<{ readonly cert: string; readonly key: string }> {
  const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Test',
    keys,
    notBefore: new Date(NOW),
    notAfter: new Date(NOW + 86_400_000),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [new x509.BasicConstraintsExtension(ca, undefined, true)],
  })
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  return { cert: cert.toString('pem'), key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n` }
}

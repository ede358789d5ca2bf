import assert from 'node:assert/strict'
import { constants, generateKeyPairSync, privateDecrypt, publicEncrypt } from 'node:crypto'
import { describe, it } from 'node:test'
import { autoSeal, keyOf, roundTrip } from '../../../test/support/auto-seal.ts'
import { keyServer, testCa, type Asked, type Told } from '../../../test/support/key-server.ts'
import { AzureKeyVaultService } from './azurekeyvault.ts'

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const jwk = publicKey.export({ format: 'jwk' })
const oaep = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }

/** As Key Vault answers: a challenge to who shows no token, then the key, `wrapkey` and `unwrapkey`. */
function vault({ headers, path, body }: Asked): Told {
  if (headers.authorization !== 'Bearer canary-token') {
    const challenge =
      'Bearer authorization="https://login.microsoftonline.com/tenant", resource="https://vault.azure.net"'
    return { status: 401, headers: { 'www-authenticate': challenge }, body: {} }
  }
  const kid = `https://${headers.host}/keys/unseal/abc123`
  if (path.includes('/unwrapkey')) {
    const value = privateDecrypt({ key: privateKey, ...oaep }, Buffer.from(String(body['value']), 'base64url'))
    return { body: { kid, value: value.toString('base64url') } }
  }
  if (path.includes('/wrapkey')) {
    assert.equal(body['alg'], 'RSA-OAEP-256')
    const value = publicEncrypt({ key: publicKey, ...oaep }, Buffer.from(String(body['value']), 'base64url'))
    return { body: { kid, value: value.toString('base64url') } }
  }
  const key = { kid, kty: 'RSA', key_ops: ['wrapKey', 'unwrapKey'], n: jwk.n, e: jwk.e }
  return { body: { key, attributes: { enabled: true, created: 1, updated: 1 } } }
}

const scopes: string[] = []
const credential = {
  getToken: async (scope: string | string[]) => {
    scopes.push(String(scope))
    return { token: 'canary-token', expiresOnTimestamp: Date.now() + 3_600_000 }
  },
}
const service = (endpoint: string) =>
  new AzureKeyVaultService({
    tenantId: '',
    clientId: '',
    clientSecret: '',
    cloud: 'azurepubliccloud',
    vaultName: '',
    keyName: 'unseal',
    resource: '',
    endpoint,
    credential,
    client: { tlsOptions: { ca: testCa() } },
  })

describe('an azurekeyvault seal', () => {
  it('wraps and unwraps through the SDK, and knows its key with its version', async () => {
    await using server = await keyServer(vault, true)
    const azure = service(server.address)
    const { same, elsewhere } = await roundTrip(autoSeal(azure))
    assert.ok(same)
    assert.match(String(elsewhere), /message authentication failed/)
    assert.ok(scopes.includes('https://vault.azure.net/.default'))
    const wrapped = await azure.encrypt(Buffer.alloc(32, 1), new AbortController().signal)
    assert.equal(wrapped.keyId, `${server.address}/keys/unseal/abc123`)
  })

  it('sends no token to where the storage says', async () => {
    await using server = await keyServer(vault, true)
    const elsewhere = { keyId: 'https://127.0.0.1:1/keys/unseal/abc123', ciphertext: Buffer.alloc(256) }
    const decrypting = service(server.address).decrypt(elsewhere, new AbortController().signal)
    await assert.rejects(decrypting, /another key vault/)
    assert.equal(server.asked.length, 0)
  })

  it('tells the log why it failed', async () => {
    await using server = await keyServer((asked) => {
      const told = vault(asked)
      return told.status === 401
        ? told
        : { status: 403, body: { error: { code: 'Forbidden', message: 'not for you' } } }
    }, true)
    using key = keyOf(1)
    const failure = await autoSeal(service(server.address))
      .wrap(key, 'core/root-key')
      .catch((reason: unknown) => reason)
    assert.ok(failure instanceof Error)
    assert.match(String(failure.cause), /not for you/)
    assert.doesNotMatch(String(failure.cause), /canary/)
  })
})

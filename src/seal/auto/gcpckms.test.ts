import assert from 'node:assert/strict'
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { describe, it, type TestContext } from 'node:test'
import { pathToFileURL } from 'node:url'
import { autoSeal, keyOf, roundTrip } from '../../../test/support/auto-seal.ts'
import { keyServer, type Asked, type Told } from '../../../test/support/key-server.ts'
import { GcpCkmsService } from './gcpckms.ts'

const KEY = 'projects/p/locations/global/keyRings/r/cryptoKeys/k'

/** As Google Cloud KMS answers over REST, with a key of its own. */
function kms(): (asked: Asked) => Told {
  const key = randomBytes(32)
  return ({ path, body }) => {
    if (path.startsWith(`/v1/${KEY}:encrypt`)) {
      const iv = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, iv)
      const text = Buffer.concat([cipher.update(String(body['plaintext']), 'base64'), cipher.final()])
      const ciphertext = Buffer.concat([iv, text, cipher.getAuthTag()]).toString('base64')
      return { body: { name: `${KEY}/cryptoKeyVersions/4`, ciphertext } }
    }
    const blob = Buffer.from(String(body['ciphertext']), 'base64')
    const decipher = createDecipheriv('aes-256-gcm', key, blob.subarray(0, 12))
    decipher.setAuthTag(blob.subarray(-16))
    const text = Buffer.concat([decipher.update(blob.subarray(12, -16)), decipher.final()])
    return { body: { plaintext: text.toString('base64') } }
  }
}

function skipped(t: TestContext): boolean {
  try {
    import.meta.resolve('@google-cloud/kms')
    return false
  } catch {
    t.skip('needs the package @google-cloud/kms: run `npm ci` with Node.js 22 or newer')
    return true
  }
}

async function service(endpoint: string): Promise<GcpCkmsService> {
  // The one that the SDK uses.
  const beside = createRequire(import.meta.resolve('@google-cloud/kms'))
  const { OAuth2Client } = await import(pathToFileURL(beside.resolve('google-auth-library')).href)
  const authClient = new OAuth2Client()
  authClient.setCredentials({ access_token: 'canary-token', expiry_date: Date.now() + 3_600_000 })
  const place = { project: 'p', region: 'global', keyRing: 'r', cryptoKey: 'k' }
  return new GcpCkmsService({ credentials: '', ...place, endpoint, authClient })
}

describe('a gcpckms seal', () => {
  it('wraps and unwraps through the SDK, and knows its key with its version', async (t) => {
    if (skipped(t)) return
    await using server = await keyServer(kms())
    const google = await service(server.address)
    const { same, elsewhere } = await roundTrip(autoSeal(google))
    assert.ok(same)
    assert.match(String(elsewhere), /message authentication failed/)
    assert.equal(server.asked[0]?.headers.authorization, 'Bearer canary-token')
    const wrapped = await google.encrypt(randomBytes(32))
    assert.equal(wrapped.keyId, `${KEY}/cryptoKeyVersions/4`)
    google.close()
  })

  it('tells the log why it failed', async (t) => {
    if (skipped(t)) return
    const error = { code: 403, message: 'not for you', status: 'PERMISSION_DENIED' }
    await using server = await keyServer(() => ({ status: 403, body: { error } }))
    using key = keyOf(1)
    const google = await service(server.address)
    const failure = await autoSeal(google)
      .wrap(key, 'core/root-key')
      .catch((reason: unknown) => reason)
    assert.ok(failure instanceof Error)
    assert.match(String(failure.cause), /not for you/)
    assert.doesNotMatch(String(failure.cause), /canary/)
    google.close()
  })
})

import assert from 'node:assert/strict'
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { autoSeal, keyOf, roundTrip } from '../../../test/support/auto-seal.ts'
import { keyServer, type Asked, type Told } from '../../../test/support/key-server.ts'
import { AwsKmsService } from './awskms.ts'

const ARN = 'arn:aws:kms:eu-central-1:111122223333:key/19ec80b0-dfdd-4d97-8164-c6e0000000'

/** As AWS KMS answers `Encrypt` and `Decrypt` (JSON 1.1), with a key of its own. */
function kms(): (asked: Asked) => Told {
  const key = randomBytes(32)
  const type = { 'content-type': 'application/x-amz-json-1.1' }
  return ({ headers, body }) => {
    if (headers['x-amz-target'] === 'TrentService.Encrypt') {
      const iv = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, iv)
      const text = Buffer.concat([cipher.update(String(body['Plaintext']), 'base64'), cipher.final()])
      const blob = Buffer.concat([iv, text, cipher.getAuthTag()])
      return { headers: type, body: { CiphertextBlob: blob.toString('base64'), KeyId: ARN } }
    }
    const blob = Buffer.from(String(body['CiphertextBlob']), 'base64')
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, blob.subarray(0, 12))
      decipher.setAuthTag(blob.subarray(-16))
      const text = Buffer.concat([decipher.update(blob.subarray(12, -16)), decipher.final()])
      return { headers: type, body: { Plaintext: text.toString('base64'), KeyId: ARN } }
    } catch {
      return { status: 400, headers: type, body: { __type: 'InvalidCiphertextException' } }
    }
  }
}

const credentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'canary-secret',
  sessionToken: 'canary-session',
}
const service = (endpoint: string) =>
  new AwsKmsService({ region: 'eu-central-1', keyId: 'alias/coffer', credentials, endpoint })

describe('an awskms seal', () => {
  it('wraps and unwraps through the SDK, and knows its key by its own id', async () => {
    await using server = await keyServer(kms())
    const { same, elsewhere } = await roundTrip(autoSeal(service(server.address)))
    assert.ok(same)
    assert.match(String(elsewhere), /message authentication failed/)
    const [encrypt, decrypt] = server.asked
    assert.equal(encrypt?.body['KeyId'], 'alias/coffer')
    assert.equal(decrypt?.body['KeyId'], ARN)
    assert.match(String(encrypt?.headers.authorization), /^AWS4-HMAC-SHA256 Credential=AKIA.*eu-central-1\/kms/)
    assert.equal(encrypt?.headers['x-amz-security-token'], 'canary-session')
  })

  it('tells the log, and nobody else, why it failed', async () => {
    const refusal = { status: 400, body: { __type: 'AccessDeniedException', message: 'not for you' } }
    await using server = await keyServer(() => refusal)
    using key = keyOf(1)
    const error = await autoSeal(service(server.address))
      .wrap(key, 'core/root-key')
      .catch((reason: unknown) => reason)
    assert.ok(error instanceof Error)
    assert.equal(error.message, "the key service of the awskms seal failed: the server's log says why")
    assert.match(String(error.cause), /AccessDeniedException: not for you/)
    assert.doesNotMatch(String(error.cause), /canary/)
  })

  it('cannot be used where nobody listens', async () => {
    const server = await keyServer(kms())
    await server[Symbol.asyncDispose]()
    using key = keyOf(1)
    const wrapping = autoSeal(service(server.address)).wrap(key, 'core/root-key')
    await assert.rejects(wrapping, { code: 'SEAL_UNAVAILABLE' })
  })
})

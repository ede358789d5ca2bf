/** A key server that speaks the little of the transit engine that a seal needs: encrypt, decrypt, rotate; and renews tokens. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { keyServer, type Asked, type KeyServer, type Told } from './key-server.ts'

export interface TransitServer extends KeyServer {
  readonly token: string
  rotate(): void
  /** While it is away, it answers with 503. */
  away: boolean
  /** Seconds that a renewal gives; undefined refuses it. */
  lease: number | undefined
}

export async function transitServer({ secure = false } = {}): Promise<TransitServer> {
  const keys = [randomBytes(32)]
  const token = 'canary-transit-token'
  const state: { away: boolean; lease: number | undefined } = { away: false, lease: 3600 }
  const answer = (asked: Asked): Told => {
    if (state.away) return { status: 503, body: { errors: ['Vault is sealed'] } }
    if (asked.headers['x-vault-token'] !== token) return { status: 403, body: { errors: ['permission denied'] } }
    if (asked.path === '/v1/auth/token/renew-self')
      return state.lease === undefined ? { status: 400, body: {} } : { body: { auth: { lease_duration: state.lease } } }
    if (asked.path === '/v1/transit/encrypt/unseal')
      return { body: { data: { ciphertext: encrypt(keys, String(asked.body['plaintext'])) } } }
    if (asked.path === '/v1/transit/decrypt/unseal') return decrypt(keys, String(asked.body['ciphertext']))
    return { status: 404, body: { errors: [] } }
  }
  const server = await keyServer(answer, secure)
  return Object.assign(state, server, {
    token,
    rotate: () => void keys.push(randomBytes(32)),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  })
}

function encrypt(keys: readonly Buffer[], plaintext: string): string {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', keys.at(-1) ?? '', iv)
  const text = Buffer.concat([cipher.update(plaintext, 'base64'), cipher.final()])
  return `vault:v${keys.length}:${Buffer.concat([iv, text, cipher.getAuthTag()]).toString('base64')}`
}

function decrypt(keys: readonly Buffer[], ciphertext: string): Told {
  const [, version, text = ''] = /^vault:v(\d+):(.+)$/.exec(ciphertext) ?? []
  const blob = Buffer.from(text, 'base64')
  try {
    const decipher = createDecipheriv('aes-256-gcm', keys[Number(version) - 1] ?? '', blob.subarray(0, 12))
    decipher.setAuthTag(blob.subarray(-16))
    const plaintext = Buffer.concat([decipher.update(blob.subarray(12, -16)), decipher.final()])
    return { body: { data: { plaintext: plaintext.toString('base64') } } }
  } catch {
    return { status: 400, body: { errors: ['cipher: message authentication failed'] } }
  }
}

/** Wraps key material for the transit engine and sends it: nobody on the way sees the key, not even the server's audit devices. */
import { constants, createCipheriv, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Client } from '../../client/client.ts'
import { attempt, failure, reasonOf, usageFailure } from '../../failure.ts'
import { sanitizePath } from '../../paths.ts'
import type { Run } from '../../run.ts'
import { stringOf, type TreeSource } from '../../tree.ts'

/** The mount, and the path of the key in it. */
const KEY_PATH = /^(.+)\/keys\/([^/]+)$/
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
/** The initial value of RFC 5649. */
const INITIAL = Buffer.from('a65959a6', 'hex')

export async function importKey(
  run: Run<Readonly<Record<never, never>>>,
  operation: 'import' | 'import_version',
): Promise<number> {
  run.expectArgs(2, Infinity, '2+')
  const path = sanitizePath(run.arg(0))
  const [, mount] = KEY_PATH.exec(path) ?? []
  if (mount === undefined) throw usageFailure('expected transit path and key name in the form :path:/keys/:name:')
  const key = keyMaterial(run.arg(1))
  const options = await run.pairs(2)
  const client = await run.client()
  run.ui.print('Retrieving wrapping key.')
  const wrapping = await attempt('failed to fetch wrapping key', wrappingKey(client, mount))
  run.ui.print('Wrapping source key with ephemeral key.')
  const ciphertext = wrapped(wrapping, key)
  run.ui.print('Submitting wrapped key.')
  const body = new Map<string, TreeSource>([...options, ['ciphertext', ciphertext]])
  await attempt('failed to call import', client.write(`${path}/${operation}`, body))
  run.ui.print('Success!')
  return 0
}

/** `@file` or the text itself: base64 of the bytes of a symmetric key, or of PKCS #8. */
function keyMaterial(argument: string): Buffer {
  const text = (argument.startsWith('@') ? readKey(argument.slice(1)) : argument).replace(/\s+$/, '')
  if (text === '' || !BASE64.test(text.replaceAll('\n', '')))
    throw usageFailure('error base64 decoding source key material: it is not base64')
  return Buffer.from(text, 'base64')
}

function readKey(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw usageFailure(`error reading key material file: ${reasonOf(error)}`)
  }
}

async function wrappingKey(client: Client, mount: string): Promise<string> {
  const secret = await client.read(`${mount}/wrapping_key`)
  const pem = stringOf(secret?.data?.get('public_key'))
  if (pem === undefined) throw failure(`no mount found at ${mount}`)
  return pem
}

/** A fresh AES key by RSA-OAEP, and the key by AES-KWP with that one. */
function wrapped(wrapping: string, key: Buffer): string {
  const ephemeral = randomBytes(32)
  const oaep = { key: createPublicKey(wrapping), padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }
  const cipher = createCipheriv('id-aes256-wrap-pad', ephemeral, INITIAL)
  return Buffer.concat([publicEncrypt(oaep, ephemeral), cipher.update(key), cipher.final()]).toString('base64')
}

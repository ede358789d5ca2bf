import {
  definePath,
  f,
  okData,
  replySchema,
  type PathDefinition,
  type RawJson,
  type Reply,
  type ReadView,
} from '#framework'
import { fromBase64, namedBase64, plainText } from '../base64.ts'
import { batchReply, batchResults, each, parseBatch, resultsOf, type ItemShape } from '../batch.ts'
import { encrypt, type Encrypted } from '../encryption.ts'
import { transitErrors } from '../errors.ts'
import { newKey } from '../key.ts'
import type { KeyType } from '../key-types.ts'
import type { KeyRing } from '../key-ring.ts'
import { LoadedKey } from '../loaded-key.ts'
import { config, keys } from '../store.ts'
import { addVersion, generateVersion } from '../versions.ts'
import { assertAlike, associatedOf } from './bound.ts'
import { associatedData, context, keyName, keyVersion, partialFailureCode, typeNamed } from './fields.ts'

const reply = replySchema('What was encrypted.', {
  ciphertext: f.string('The ciphertext, with the version of the key.'),
  key_version: f.int('Version of the key.'),
  batch_results: batchResults,
})

const fields = {
  plaintext: f.string('What is encrypted, in base64.').sensitive().optional(),
  context,
  associated_data: associatedData,
  key_version: keyVersion,
  nonce: f.string('Without use: nonces are made here.').default(''),
  type: f.string('Type of the key, where it has to be made.').default('aes256-gcm96'),
  convergent_encryption: f.bool('Whether the key is convergent, where it has to be made.').default(false),
  partial_failure_response_code: partialFailureCode,
  batch_input: f.json('Items instead of one plaintext: each with the members above.').sensitive().optional(),
}

const SHAPE: ItemShape = {
  strings: ['plaintext', 'context', 'associated_data', 'nonce', 'reference'],
  numbers: ['key_version'],
  required: { name: 'plaintext', missing: 'missing plaintext to encrypt' },
}

interface Given {
  readonly plaintext: string | undefined
  readonly context: string
  readonly associated_data: string
  readonly key_version: number
  readonly nonce: string
  readonly type: string
  readonly convergent_encryption: boolean
  readonly partial_failure_response_code: number | undefined
  readonly batch_input: RawJson | undefined
}

interface Item {
  readonly plaintext: string
  readonly context: string
  readonly associated: string
  readonly nonce: string
  readonly keyVersion: number
  readonly reference: string
}

export function encryptPath(ring: KeyRing): PathDefinition {
  return definePath('encrypt/{name}', {
    help: 'Encrypt with a key.',
    description:
      'One plaintext, or a batch. A key that does not exist is made by who may create it, unless `config/keys` says otherwise: with a ' +
      'context it is one that is derived.',
    params: { name: keyName },
    exists: async (c) => (await ring.find(c, c.params.name)) !== undefined,
  }).computeOrCreate({
    summary: 'Encrypt.',
    fields,
    replies: { 200: reply },
    operationId: 'transit-encrypt',
    compute: async (c) => {
      const items = itemsOf(c.in)
      return encryptAll(c.view, await ring.require(c, c.params.name), items, c.in)
    },
    create: async (c) => {
      const items = itemsOf(c.in)
      const { name } = c.params
      const found = await keys.get(c.view, name)
      if (found !== undefined) {
        c.warn('Attempted creation of the key during the encrypt operation, but it was created beforehand')
        return encryptAll(c.view, new LoadedKey(found), items, c.in)
      }
      const derived = items.some((item) => item.context !== '')
      if (c.in.convergent_encryption && !derived) throw transitErrors.CONVERGENT_CONTEXT()
      const type = upsertType(c.in.type)
      if (await config.disableUpsert(c.view)) throw transitErrors.KEY_NOT_FOUND({ what: 'encryption key' })
      const wished = newKey(name, { type, derived, convergent: c.in.convergent_encryption })
      const made = addVersion(c.view, wished, await generateVersion(wished, c.clock.now()))
      return encryptAll(c.view, new LoadedKey(made), items, c.in)
    },
  })
}

/** Only keys that are made in no time are made in passing. */
function upsertType(name: string): KeyType {
  const type = typeNamed(name)
  if (type.family !== 'aead') throw transitErrors.UPSERT_TYPE({ type: type.name })
  return type
}

function itemsOf(given: Given): readonly Item[] {
  const items = given.batch_input === undefined ? [single(given)] : batchOf(given.batch_input)
  assertAlike(items)
  return items
}

function single(given: Given): Item {
  if (given.plaintext === undefined) throw transitErrors.MISSING({ what: 'plaintext to encrypt' })
  return {
    plaintext: given.plaintext,
    context: given.context,
    associated: given.associated_data,
    nonce: given.nonce,
    keyVersion: given.key_version,
    reference: '',
  }
}

function batchOf(raw: RawJson): readonly Item[] {
  return parseBatch(raw, SHAPE).map((item) => ({
    plaintext: item.text('plaintext'),
    context: item.text('context'),
    associated: item.text('associated_data'),
    nonce: item.text('nonce'),
    keyVersion: item.number('key_version'),
    reference: item.text('reference'),
  }))
}

async function encryptAll(view: ReadView, loaded: LoadedKey, items: readonly Item[], given: Given): Promise<Reply> {
  const [first] = items
  if (given.batch_input === undefined && first !== undefined)
    return okData(encryptedOut(await encryptItem(view, loaded, first, "'[0].")))
  const outcomes = await each(items, (item, i) => encryptItem(view, loaded, item, `'[${i}].`))
  const results = resultsOf(items, outcomes, encryptedOut)
  return batchReply(results, outcomes, given.partial_failure_response_code)
}

export function encryptedOut({ ciphertext, keyVersion: version }: Encrypted) {
  return { ciphertext: plainText(ciphertext), key_version: version }
}

function encryptItem(view: ReadView, loaded: LoadedKey, item: Item, where: string): Promise<Encrypted> {
  const plaintext = fromBase64(item.plaintext)
  const input = {
    plaintext,
    context: item.context === '' ? NOTHING : fromBase64(item.context),
    associated: associatedOf(loaded, item.associated, where),
    keyVersion: item.keyVersion,
  }
  if (item.nonce !== '') assertNoNonce(item.nonce)
  return encrypt(view, loaded, input)
}

const NOTHING = new Uint8Array(0)

/** A nonce was the client's in the first of three schemes, which is not served. */
function assertNoNonce(nonce: string): void {
  namedBase64(nonce, 'nonce')
  throw transitErrors.NONCE()
}

import { definePath, f, okData, replySchema, type PathDefinition, type ReadView } from '#framework'
import { fromBase64 } from '../base64.ts'
import { batchResults, each, resultsOf, type ItemShape } from '../batch.ts'
import { decrypt, encrypt, type Encrypted } from '../encryption.ts'
import { transitErrors } from '../errors.ts'
import type { KeyRing } from '../key-ring.ts'
import type { LoadedKey } from '../loaded-key.ts'
import { assertAlike, associatedOf } from './bound.ts'
import { ciphertextItems, single, type CiphertextItem } from './decrypt.ts'
import { encryptedOut } from './encrypt.ts'
import { associatedData, context, keyName, keyVersion } from './fields.ts'

const reply = replySchema('What was encrypted anew.', {
  ciphertext: f.string('The ciphertext, with the version of the key.'),
  key_version: f.int('Version of the key.'),
  batch_results: batchResults,
})

const fields = {
  ciphertext: f.string('What was encrypted with an earlier version.').default(''),
  context,
  associated_data: associatedData,
  key_version: keyVersion,
  nonce: f.string('Without use: the ciphertext holds its nonce.').optional(),
  batch_input: f.json('Items instead of one ciphertext: each with the members above.').optional(),
}

const SHAPE: ItemShape = {
  strings: ['ciphertext', 'context', 'associated_data', 'nonce', 'reference'],
  numbers: ['key_version'],
}

export function rewrapPath(ring: KeyRing): PathDefinition {
  return definePath('rewrap/{name}', {
    help: 'Encrypt with the latest version what was encrypted with an earlier one.',
    params: { name: keyName },
    flags: { place: 'anywhere' },
  }).compute({
    summary: 'Encrypt anew, without showing the plaintext to anyone.',
    fields,
    replies: { 200: reply },
    operationId: 'transit-rewrap',
    run: async (c) => {
      const { batch_input: batch } = c.in
      const items = batch === undefined ? [single(c.in)] : ciphertextItems(batch, SHAPE)
      assertAlike(items)
      const loaded = await ring.require(c, c.params.name)
      const [first] = items
      if (batch === undefined && first !== undefined)
        return okData(encryptedOut(await rewrapItem(c.view, loaded, first, "'[0].")))
      const outcomes = await each(items, (item, i) => rewrapItem(c.view, loaded, item, `'[${i}].`))
      return okData({ batch_results: resultsOf(items, outcomes, encryptedOut) })
    },
  })
}

async function rewrapItem(view: ReadView, loaded: LoadedKey, item: CiphertextItem, where: string): Promise<Encrypted> {
  if (item.ciphertext === '') throw transitErrors.MISSING({ what: 'ciphertext to decrypt' })
  const bound = { context: fromBase64(item.context), associated: associatedOf(loaded, item.associated, where) }
  const plaintext = await decrypt(view, loaded, { ciphertext: item.ciphertext, ...bound })
  return encrypt(view, loaded, { plaintext, keyVersion: item.keyVersion, ...bound })
}

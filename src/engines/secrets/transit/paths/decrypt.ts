import { definePath, f, okData, replySchema, type PathDefinition, type RawJson, type ReadView } from '#framework'
import { fromBase64, plainText } from '../base64.ts'
import { batchReply, batchResults, each, parseBatch, resultsOf, type ItemShape } from '../batch.ts'
import { decrypt } from '../encryption.ts'
import { transitErrors } from '../errors.ts'
import type { KeyRing } from '../key-ring.ts'
import type { LoadedKey } from '../loaded-key.ts'
import { assertAlike, associatedOf } from './bound.ts'
import { associatedData, context, keyName, partialFailureCode } from './fields.ts'

const reply = replySchema('What was decrypted.', {
  plaintext: f.string('The plaintext, in base64.'),
  batch_results: batchResults,
})

const fields = {
  ciphertext: f.string('What is decrypted, as it was given out.').default(''),
  context,
  associated_data: associatedData,
  nonce: f.string('Without use: the ciphertext holds its nonce.').optional(),
  partial_failure_response_code: partialFailureCode,
  batch_input: f.json('Items instead of one ciphertext: each with the members above.').optional(),
}

const SHAPE: ItemShape = {
  strings: ['ciphertext', 'context', 'associated_data', 'nonce', 'reference'],
  required: { name: 'ciphertext', missing: 'missing ciphertext to decrypt' },
}

export interface CiphertextItem {
  readonly ciphertext: string
  readonly context: string
  readonly associated: string
  readonly keyVersion: number
  readonly reference: string
}

export function decryptPath(ring: KeyRing): PathDefinition {
  return definePath('decrypt/{name}', {
    help: 'Decrypt with a key.',
    params: { name: keyName },
    flags: { place: 'anywhere' },
  }).compute({
    summary: 'Decrypt one ciphertext, or a batch.',
    fields,
    replies: { 200: reply },
    operationId: 'transit-decrypt',
    run: async (c) => {
      const { batch_input: batch, partial_failure_response_code: code } = c.in
      const items = batch === undefined ? [single(c.in)] : ciphertextItems(batch, SHAPE)
      assertAlike(items)
      const loaded = await ring.require(c, c.params.name)
      const [first] = items
      if (batch === undefined && first !== undefined)
        return okData(decryptedOut(await decryptItem(c.view, loaded, first, "'[0].")))
      const outcomes = await each(items, (item, i) => decryptItem(c.view, loaded, item, `'[${i}].`))
      return batchReply(resultsOf(items, outcomes, decryptedOut, { plaintext: '' }), outcomes, code)
    },
  })
}

function decryptedOut(plaintext: string) {
  return { plaintext: plainText(plaintext) }
}

interface Single {
  readonly ciphertext: string
  readonly context: string
  readonly associated_data?: string
  readonly key_version?: number
}

/** Throws `TRANSIT_MISSING`. */
export function single(given: Single): CiphertextItem {
  if (given.ciphertext === '') throw transitErrors.MISSING({ what: 'ciphertext to decrypt' })
  return {
    ciphertext: given.ciphertext,
    context: given.context,
    associated: given.associated_data ?? '',
    keyVersion: given.key_version ?? 0,
    reference: '',
  }
}

export function ciphertextItems(batch: RawJson, shape: ItemShape): readonly CiphertextItem[] {
  return parseBatch(batch, shape).map((item) => ({
    ciphertext: item.text('ciphertext'),
    context: item.text('context'),
    associated: item.text('associated_data'),
    keyVersion: item.number('key_version'),
    reference: item.text('reference'),
  }))
}

/** In base64. */
export async function decryptItem(
  view: ReadView,
  loaded: LoadedKey,
  item: CiphertextItem,
  where: string,
): Promise<string> {
  if (item.ciphertext === '') throw transitErrors.MISSING({ what: 'ciphertext to decrypt' })
  const plaintext = await decrypt(view, loaded, {
    ciphertext: item.ciphertext,
    context: fromBase64(item.context),
    associated: associatedOf(loaded, item.associated, where),
  })
  return plaintext.toString('base64')
}

import {
  definePath,
  f,
  ok,
  okData,
  replySchema,
  type Infer,
  type JsonOut,
  type PathDefinition,
  type ReadView,
  type Reply,
} from '#framework'
import { decodeBase64 } from '../base64.ts'
import { each, parseBatch, type BatchItem, type ItemShape } from '../batch.ts'
import { hashNames, hashOf } from '../crypto/hashes.ts'
import { transitErrors } from '../errors.ts'
import type { KeyRing } from '../key-ring.ts'
import type { LoadedKey } from '../loaded-key.ts'
import { hmacText, hmacVersion } from '../mac.ts'
import { keyName, keyVersion } from './fields.ts'

const reply = replySchema('An HMAC.', {
  hmac: f.string('The HMAC, with the version of the key.'),
  batch_results: f.array(f.map(), 'One result for each item, in their order.'),
})

const fields = {
  input: f.string('What the HMAC is of, in base64.').sensitive().optional(),
  algorithm: f.string(`The hash function: ${hashNames.join(', ')}.`).default('sha2-256'),
  key_version: keyVersion,
  batch_input: f.json('Items instead of one input, each with an `input`.').sensitive().optional(),
}

const SHAPE: ItemShape = { strings: ['input', 'reference'] }
const help = 'The HMAC of a value.'
const flags = { place: 'anywhere' } as const
const operation = { summary: 'Make HMACs with a key: every key has one for it.', fields, replies: { 200: reply } }

export function hmacPaths(ring: KeyRing): readonly PathDefinition[] {
  return [
    definePath('hmac/{name}', { help, params: { name: keyName }, flags }).compute({
      ...operation,
      operationId: 'transit-generate-hmac',
      run: async (c) => hmacReply(c.view, await ring.require(c, c.params.name), c.in),
    }),
    definePath('hmac/{name}/{urlalgorithm}', {
      help,
      params: { name: keyName, urlalgorithm: 'The hash function.' },
      flags,
    }).compute({
      ...operation,
      operationId: 'transit-generate-hmac-with-algorithm',
      run: async (c) =>
        hmacReply(c.view, await ring.require(c, c.params.name), { ...c.in, algorithm: c.params.urlalgorithm }),
    }),
  ]
}

async function hmacReply(view: ReadView, loaded: LoadedKey, given: Infer<typeof fields>): Promise<Reply> {
  const version = await hmacVersion(view, loaded, given.key_version)
  const hash = hashOf(given.algorithm)
  if (hash === undefined) throw transitErrors.ALGORITHM({ known: hashNames.join(', ') })
  if (given.batch_input === undefined) {
    if (given.input === undefined) throw transitErrors.MISSING({ what: 'input for HMAC' })
    return ok(reply, { hmac: await hmacText(version, hash, inputBytes(given.input)) })
  }
  const items = parseBatch(given.batch_input, SHAPE)
  const outcomes = await each(items, async (item) => hmacText(version, hash, inputOf(item, 'input for HMAC')))
  return okData({
    batch_results: outcomes.map((outcome, i): JsonOut => {
      const reference = items[i]?.text('reference') ?? ''
      return 'error' in outcome ? { error: outcome.error, reference } : { hmac: outcome.value, reference }
    }),
  })
}

/** Throws `TRANSIT_MISSING` or `TRANSIT_INPUT_BASE64`. */
export function inputOf(item: BatchItem, what: string): Buffer {
  if (!item.has('input')) throw transitErrors.MISSING({ what })
  return inputBytes(item.text('input'))
}

/** Throws `TRANSIT_INPUT_BASE64`. */
export function inputBytes(text: string): Buffer {
  const bytes = decodeBase64(text)
  if (typeof bytes === 'number') throw transitErrors.INPUT_BASE64({ at: bytes })
  return bytes
}

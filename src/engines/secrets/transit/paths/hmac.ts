import { definePath, f, replySchema, type Infer, type PathDefinition, type ReadView, type Reply } from '#framework'
import { batchResults } from '../batch.ts'
import { hashNames, hashOf } from '../crypto/hashes.ts'
import { transitErrors } from '../errors.ts'
import type { KeyRing } from '../key-ring.ts'
import type { LoadedKey } from '../loaded-key.ts'
import { hmacText, hmacVersion } from '../mac.ts'
import { keyName, keyVersion } from './fields.ts'
import { macsReply } from './macs.ts'

const reply = replySchema('An HMAC.', {
  hmac: f.string('The HMAC, with the version of the key.'),
  batch_results: batchResults,
})

const fields = {
  input: f.string('What the HMAC is of, in base64.').sensitive().optional(),
  algorithm: f.string(`The hash function: ${hashNames.join(', ')}.`).default('sha2-256'),
  key_version: keyVersion,
  batch_input: f.json('Items instead of one input, each with an `input`.').sensitive().optional(),
}

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
  return macsReply('hmac', given, (input) => hmacText(version, hash, input))
}

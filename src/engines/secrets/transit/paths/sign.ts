import {
  definePath,
  f,
  ok,
  okData,
  replySchema,
  type Infer,
  type PathDefinition,
  type ReadView,
  type Reply,
} from '#framework'
import { namedBase64 } from '../base64.ts'
import { batchResults, each, parseBatch, resultsOf, type ItemShape } from '../batch.ts'
import type { KeyRing } from '../key-ring.ts'
import type { LoadedKey } from '../loaded-key.ts'
import { assertSigns, signText, type Signed } from '../signature.ts'
import { keyName, keyVersion } from './fields.ts'
import { inputBytes, inputOf } from './input.ts'
import { schemeOf, signatureFields } from './signature-fields.ts'

const reply = replySchema('A signature.', {
  signature: f.string('The signature, with the version of the key.'),
  key_version: f.int('Version of the key.'),
  public_key: f.string('The public key that belongs to the context, where the key is derived.'),
  batch_results: batchResults,
})

const fields = {
  ...signatureFields,
  key_version: keyVersion,
  batch_input: f.json('Items instead of one input, each with `input` and `context`.').sensitive().optional(),
}

const SHAPE: ItemShape = { strings: ['input', 'context', 'reference'] }
const help = 'Sign with a key.'
const flags = { place: 'anywhere' } as const
const operation = { summary: 'Sign one input, or a batch.', fields, replies: { 200: reply } }

export function signPaths(ring: KeyRing): readonly PathDefinition[] {
  return [
    definePath('sign/{name}', { help, params: { name: keyName }, flags }).compute({
      ...operation,
      operationId: 'transit-sign',
      run: async (c) => signReply(c.view, () => ring.require(c, c.params.name, 'signing key'), c.in, ''),
    }),
    definePath('sign/{name}/{urlalgorithm}', {
      help,
      params: { name: keyName, urlalgorithm: 'The hash function.' },
      flags,
    }).compute({
      ...operation,
      operationId: 'transit-sign-with-algorithm',
      run: async (c) =>
        signReply(c.view, () => ring.require(c, c.params.name, 'signing key'), c.in, c.params.urlalgorithm),
    }),
  ]
}

async function signReply(
  view: ReadView,
  load: () => Promise<LoadedKey>,
  given: Infer<typeof fields>,
  urlAlgorithm: string,
): Promise<Reply> {
  const scheme = schemeOf(urlAlgorithm, given)
  const loaded = await load()
  assertSigns(loaded, scheme, 'signing')
  const { key_version: version, batch_input: batch } = given
  if (batch === undefined) {
    const input = inputBytes(given.input)
    const derivation = namedBase64(given.context, 'context')
    const { signature, keyVersion: used, publicKey } = await signText(view, loaded, version, input, derivation, scheme)
    return ok(reply, { signature, key_version: used, ...(publicKey === undefined ? {} : { public_key: publicKey }) })
  }
  const items = parseBatch(batch, SHAPE)
  const outcomes = await each(items, async (item) => {
    const input = inputOf(item, 'input')
    return signText(view, loaded, version, input, namedBase64(item.text('context'), 'context'), scheme)
  })
  const shown = ({ signature, keyVersion: used, publicKey }: Signed) => ({
    signature,
    key_version: used,
    ...(publicKey === undefined ? {} : { publickey: publicKey }),
  })
  return okData({ batch_results: resultsOf(items, outcomes, shown, { key_version: 0 }) })
}

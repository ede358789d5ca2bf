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
import { namedBase64 } from '../base64.ts'
import { BatchItem, each, parseBatch, type ItemShape } from '../batch.ts'
import { transitErrors } from '../errors.ts'
import type { KeyRing } from '../key-ring.ts'
import type { LoadedKey } from '../loaded-key.ts'
import { verifyHmac } from '../mac.ts'
import { assertSigns, verifyText } from '../signature.ts'
import { keyName } from './fields.ts'
import { inputOf } from './hmac.ts'
import { hashNamed, schemeOf, signatureFields, signatureHash } from './signature-fields.ts'

const reply = replySchema('Whether it is valid.', {
  valid: f.bool('The signature or the HMAC is of this input and by this key.'),
  batch_results: f.array(f.map(), 'One result for each item, in their order.'),
})

const fields = {
  ...signatureFields,
  signature: f.string('The signature, as it was given out.').optional(),
  hmac: f.string('The HMAC, as it was given out, instead of a signature.').optional(),
  batch_input: f
    .json('Items instead of one input, each with `input` and `context`, and all with `signature` or all with `hmac`.')
    .sensitive()
    .optional(),
}

const SHAPE: ItemShape = { strings: ['input', 'context', 'signature', 'hmac', 'reference'] }
const help = 'Verify a signature or an HMAC.'
const flags = { place: 'anywhere' } as const
const operation = { summary: 'Verify one signature or HMAC, or a batch.', fields, replies: { 200: reply } }

export function verifyPaths(ring: KeyRing): readonly PathDefinition[] {
  return [
    definePath('verify/{name}', { help, params: { name: keyName }, flags }).compute({
      ...operation,
      operationId: 'transit-verify',
      run: (c) => verifyReply(c.view, (what) => ring.require(c, c.params.name, what), c.in, ''),
    }),
    definePath('verify/{name}/{urlalgorithm}', {
      help,
      params: { name: keyName, urlalgorithm: 'The hash function.' },
      flags,
    }).compute({
      ...operation,
      operationId: 'transit-verify-with-algorithm',
      run: (c) => verifyReply(c.view, (what) => ring.require(c, c.params.name, what), c.in, c.params.urlalgorithm),
    }),
  ]
}

type Given = Infer<typeof fields>
type Load = (what: string) => Promise<LoadedKey>

async function verifyReply(view: ReadView, load: Load, given: Given, urlAlgorithm: string): Promise<Reply> {
  const isBatch = given.batch_input !== undefined
  const items = given.batch_input === undefined ? [single(given)] : parseBatch(given.batch_input, SHAPE)
  const what = proofOf(items, isBatch)
  const verify =
    what === 'hmac' ? await hmacs(view, load, given, urlAlgorithm) : await signatures(view, load, given, urlAlgorithm)
  const [first] = items
  if (!isBatch && first !== undefined) return ok(reply, { valid: await verify(first) })
  const outcomes = await each(items, verify)
  return okData({
    batch_results: outcomes.map((outcome, i): JsonOut => {
      const reference = items[i]?.text('reference') ?? ''
      const valid = 'value' in outcome && outcome.value
      const error = 'error' in outcome ? { error: outcome.error } : {}
      // Vault leaves a false out where it verifies HMACs.
      return what === 'hmac' && !valid ? { ...error, reference } : { valid, ...error, reference }
    }),
  })
}

function single({ input, context, signature, hmac }: Given): BatchItem {
  return new BatchItem({
    input,
    context,
    ...(signature === undefined ? {} : { signature }),
    ...(hmac === undefined ? {} : { hmac }),
  })
}

/** Which of the two all of them have. */
function proofOf(items: readonly BatchItem[], isBatch: boolean): 'signature' | 'hmac' {
  const signature = items.some((item) => item.has('signature'))
  const hmac = items.some((item) => item.has('hmac') && (!isBatch || !item.has('signature')))
  const missing = items.some((item) => !item.has('signature') && !item.has('hmac'))
  if (!isBatch && signature && hmac) throw transitErrors.ONE_OF_SIGNATURE_HMAC()
  if (!isBatch && missing) throw transitErrors.NEITHER_SIGNATURE_NOR_HMAC()
  if (signature && hmac) throw transitErrors.BATCH_MIXED()
  if (missing && (signature || hmac)) throw transitErrors.BATCH_SOME_MISSING({ what: signature ? 'signature' : 'hmac' })
  if (missing) throw transitErrors.BATCH_NONE()
  return hmac ? 'hmac' : 'signature'
}

type Verify = (item: BatchItem) => Promise<boolean>

async function hmacs(view: ReadView, load: Load, given: Given, urlAlgorithm: string): Promise<Verify> {
  const loaded = await load('encryption key')
  const hash = signatureHash(hashNamed(urlAlgorithm, given))
  if (hash === undefined) throw transitErrors.HASH_NONE()
  return (item) => verifyHmac(view, loaded, hash, inputOf(item, 'input'), item.text('hmac'))
}

async function signatures(view: ReadView, load: Load, given: Given, urlAlgorithm: string): Promise<Verify> {
  const scheme = schemeOf(urlAlgorithm, given)
  const loaded = await load('signature verification key')
  assertSigns(loaded, scheme, 'verification')
  return async (item) => {
    const input = inputOf(item, 'input')
    const derivation = namedBase64(item.text('context'), 'context')
    return verifyText(view, loaded, input, item.text('signature'), derivation, scheme)
  }
}

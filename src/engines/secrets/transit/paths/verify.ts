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
import { BatchItem, batchResults, each, parseBatch, resultsOf, type ItemShape } from '../batch.ts'
import { transitErrors } from '../errors.ts'
import type { KeyRing } from '../key-ring.ts'
import type { LoadedKey } from '../loaded-key.ts'
import { assertCmac, cmacBytes, verifyCmac, verifyHmac } from '../mac.ts'
import { macLength } from './cmac.ts'
import { assertSigns, verifyText } from '../signature.ts'
import { keyName } from './fields.ts'
import { inputOf } from './input.ts'
import { hashNamed, schemeOf, signatureFields, signatureHash } from './signature-fields.ts'

const reply = replySchema('Whether it is valid.', {
  valid: f.bool('The signature or the HMAC is of this input and by this key.'),
  batch_results: batchResults,
})

const fields = {
  ...signatureFields,
  signature: f.string('The signature, as it was given out.').optional(),
  hmac: f.string('The HMAC, as it was given out, instead of a signature.').optional(),
  cmac: f.string('The CMAC, as it was given out, instead of a signature.').optional(),
  mac_length: f.int('Bytes of the CMAC.').default(cmacBytes.max),
  batch_input: f
    .json(
      'Items instead of one input, each with `input` and `context`, and all with `signature`, all with `hmac` or all with `cmac`.',
    )
    .sensitive()
    .optional(),
}

const SHAPE: ItemShape = { strings: ['input', 'context', 'signature', 'hmac', 'cmac', 'reference'] }
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
  const verify = await VERIFIERS[what](view, load, given, urlAlgorithm)
  const [first] = items
  if (!isBatch && first !== undefined) return ok(reply, { valid: await verify(first) })
  const outcomes = await each(items, verify)
  // Vault leaves a false out where it is about HMACs.
  const isSignature = what === 'signature'
  const shown = (valid: boolean) => (isSignature || valid ? { valid } : {})
  return okData({ batch_results: resultsOf(items, outcomes, shown, isSignature ? { valid: false } : {}) })
}

function single({ input, context, signature, hmac, cmac }: Given): BatchItem {
  return new BatchItem({
    input,
    context,
    ...(signature === undefined ? {} : { signature }),
    ...(hmac === undefined ? {} : { hmac }),
    ...(cmac === undefined ? {} : { cmac }),
  })
}

const PROOFS = ['signature', 'hmac', 'cmac'] as const
type Proof = (typeof PROOFS)[number]

/** Which of them all items have. Of a batch's items the first that there is counts. */
function proofOf(items: readonly BatchItem[], isBatch: boolean): Proof {
  const found = PROOFS.filter((name) => items.some((item) => (isBatch ? firstProof(item) === name : item.has(name))))
  const missing = items.some((item) => firstProof(item) === undefined)
  const [proof, other] = found
  if (!isBatch && other !== undefined) throw transitErrors.ONE_OF_SIGNATURE_HMAC()
  if (!isBatch && missing) throw transitErrors.NEITHER_SIGNATURE_NOR_HMAC()
  if (other !== undefined) throw transitErrors.BATCH_MIXED()
  if (proof === undefined) throw transitErrors.BATCH_NONE()
  if (missing) throw transitErrors.BATCH_SOME_MISSING({ what: proof })
  return proof
}

function firstProof(item: BatchItem): Proof | undefined {
  return PROOFS.find((name) => item.has(name))
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

async function cmacs(view: ReadView, load: Load, given: Given): Promise<Verify> {
  const length = macLength(given.mac_length)
  const loaded = await load('encryption key')
  assertCmac(loaded)
  return (item) => verifyCmac(view, loaded, inputOf(item, 'input'), item.text('cmac'), length)
}

type Verifier = (view: ReadView, load: Load, given: Given, urlAlgorithm: string) => Promise<Verify>

const VERIFIERS: Readonly<Record<Proof, Verifier>> = { signature: signatures, hmac: hmacs, cmac: cmacs }

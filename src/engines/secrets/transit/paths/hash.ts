import { createHash } from 'node:crypto'
import { definePath, f, ok, replySchema, type Infer, type PathDefinition, type Reply } from '#framework'
import { hashNames, hashOf } from '../crypto/hashes.ts'
import { transitErrors } from '../errors.ts'
import { inPieces } from '../turn.ts'
import { formatNamed } from './format.ts'
import { inputBytes } from './input.ts'

const reply = replySchema('A hash.', { sum: f.string('The hash, in the format asked for.') })

/** SHA-1 only stays for signatures that others have made. */
const known = hashNames.filter((name) => name !== 'sha1')

const fields = {
  input: f.string('What is hashed, in base64.').sensitive().optional(),
  algorithm: f.string(`One of ${known.join(', ')}.`).default('sha2-256'),
  format: f.string('`hex` or `base64`.').default('hex'),
}

const help = 'The hash of a value.'
const flags = { place: 'anywhere' } as const
const operation = { summary: 'Hash a value. No key is needed.', fields, replies: { 200: reply } }

export const hash: PathDefinition = definePath('hash', { help, params: {}, flags }).compute({
  ...operation,
  operationId: 'transit-hash',
  run: (c) => hashed(c.in),
})

export const hashWith: PathDefinition = definePath('hash/{urlalgorithm}', {
  help,
  params: { urlalgorithm: 'The algorithm.' },
  flags,
}).compute({
  ...operation,
  operationId: 'transit-hash-with-algorithm',
  run: (c) => hashed({ ...c.in, algorithm: c.params.urlalgorithm }),
})

async function hashed({ input, algorithm, format }: Infer<typeof fields>): Promise<Reply> {
  if (input === undefined) throw transitErrors.NO_INPUT_TO_HASH()
  const bytes = inputBytes(input)
  const encoding = formatNamed(format)
  const found = known.includes(algorithm) ? hashOf(algorithm) : undefined
  if (found === undefined) throw transitErrors.ALGORITHM({ known: known.join(', ') })
  const sum = createHash(found.engine)
  await inPieces(bytes, (piece) => void sum.update(piece))
  return ok(reply, { sum: sum.digest(encoding) })
}

import { definePath, f, ok, replySchema, type Infer, type PathDefinition, type Reply } from '#framework'
import { freshBytes } from '../../../../lib/secure/random.ts'
import { transitErrors } from '../errors.ts'
import { formatNamed } from './format.ts'

const reply = replySchema('Random bytes.', { random_bytes: f.string('The bytes, in the format asked for.') })

const fields = {
  bytes: f.int('How many, at most 128 KiB.').default(32),
  format: f.string('`base64` or `hex`.').default('base64'),
  source: f.string('Where they come from: `platform`, `seal` or `all`.').default('platform'),
}

const MAX_BYTES = 128 * 1024
const SOURCES = ['platform', 'seal', 'all']
const help = 'Random bytes.'
const flags = { place: 'anywhere' } as const
const operation = { summary: 'Make random bytes.', fields, replies: { 200: reply } }

export const random: PathDefinition = definePath('random', { help, params: {}, flags }).compute({
  ...operation,
  operationId: 'transit-generate-random',
  run: (c) => randomReply(c, c.in),
})

/** One segment is either of the two that may follow. */
export const randomSource: PathDefinition = definePath('random/{source}', {
  help,
  params: { source: 'Where the bytes come from, or how many.' },
  flags,
}).compute({
  ...operation,
  operationId: 'transit-generate-random-with-source',
  run: (c) => {
    const { source } = c.params
    return randomReply(c, SOURCES.includes(source) ? { ...c.in, source } : { ...c.in, bytes: countOf(source) })
  },
})

export const randomSourceBytes: PathDefinition = definePath('random/{source}/{urlbytes}', {
  help,
  params: { source: 'Where the bytes come from.', urlbytes: 'How many.' },
  flags,
}).compute({
  ...operation,
  operationId: 'transit-generate-random-with-source-and-bytes',
  run: (c) => randomReply(c, { ...c.in, source: c.params.source, bytes: countOf(c.params.urlbytes) }),
})

function countOf(text: string): number {
  if (!/^[+-]?\d{1,15}$/.test(text)) throw transitErrors.RANDOM_COUNT()
  return Number(text)
}

function randomReply(c: { warn(sentence: string): void }, { bytes, format, source }: Infer<typeof fields>): Reply {
  if (!SOURCES.includes(source)) throw transitErrors.RANDOM_SOURCE()
  if (bytes < 1) throw transitErrors.RANDOM_TOO_FEW()
  if (bytes > MAX_BYTES) throw transitErrors.RANDOM_TOO_MANY({ max: MAX_BYTES })
  const encoding = formatNamed(format)
  if (source === 'seal') c.warn('no seal/entropy augmentation available, using platform entropy source')
  return ok(reply, { random_bytes: Buffer.from(freshBytes(bytes)).toString(encoding) })
}

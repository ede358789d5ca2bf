import { createHash } from 'node:crypto'
import { definePath, f, ok, replySchema, type Infer, type PathDefinition, type Reply } from '#framework'
import type { SystemPorts } from '../../../request/system-ports.ts'
import { systemErrors } from '../errors.ts'

const randomReply = replySchema('Random bytes.', { random_bytes: f.string('The bytes, in the format asked for.') })
const hashReply = replySchema('A hash.', { sum: f.string('The hash, in the format asked for.') })

const MAX_BYTES = 128 * 1024
const SOURCES = ['platform', 'seal', 'all']

const randomFields = {
  bytes: f.int('How many.').default(32),
  format: f.string('`base64` or `hex`.').default('base64'),
  source: f.string('Where they come from: `platform`, `seal` or `all`.').default('platform'),
}

/** Vault's names and OpenSSL's. */
const ALGORITHMS = new Map([
  ['sha2-224', 'sha224'],
  ['sha2-256', 'sha256'],
  ['sha2-384', 'sha384'],
  ['sha2-512', 'sha512'],
  ['sha3-224', 'sha3-224'],
  ['sha3-256', 'sha3-256'],
  ['sha3-384', 'sha3-384'],
  ['sha3-512', 'sha3-512'],
])

const hashFields = {
  input: f.string('What is hashed, in base64.').default('').sensitive(),
  algorithm: f.string(`One of ${[...ALGORITHMS.keys()].join(', ')}.`).default('sha2-256'),
  format: f.string('`hex` or `base64`.').default('hex'),
}

const BYTES = 'How many bytes, or where they come from.'
const SOURCE = 'Where the bytes come from: `platform`, `seal` or `all`.'

export function toolPaths(ports: SystemPorts): readonly PathDefinition[] {
  const random = { summary: 'Make random bytes.', fields: randomFields, replies: { 200: randomReply } }
  const hashing = { summary: 'Hash a value.', fields: hashFields, replies: { 200: hashReply } }
  return [
    definePath('tools/random', { help: 'Random bytes.', params: {}, flags: { place: 'anywhere' } }).compute({
      ...random,
      run: (c) => randomBytes(ports, c, c.in),
    }),
    definePath('tools/random/{source}', {
      help: 'Random bytes.',
      params: { source: BYTES },
      flags: { place: 'anywhere' },
    }).compute({
      ...random,
      run: (c) => {
        const { source } = c.params
        return randomBytes(
          ports,
          c,
          SOURCES.includes(source) ? { ...c.in, source } : { ...c.in, bytes: countOf(source) },
        )
      },
    }),
    definePath('tools/random/{source}/{urlbytes}', {
      help: 'Random bytes.',
      params: { source: SOURCE, urlbytes: 'How many bytes.' },
      flags: { place: 'anywhere' },
    }).compute({
      ...random,
      run: (c) => randomBytes(ports, c, { ...c.in, source: c.params.source, bytes: countOf(c.params.urlbytes) }),
    }),
    definePath('tools/hash', { help: 'The hash of a value.', params: {}, flags: { place: 'anywhere' } }).compute({
      ...hashing,
      run: (c) => hash(c.in),
    }),
    definePath('tools/hash/{urlalgorithm}', {
      help: 'The hash of a value.',
      params: { urlalgorithm: 'The algorithm.' },
      flags: { place: 'anywhere' },
    }).compute({ ...hashing, run: (c) => hash({ ...c.in, algorithm: c.params.urlalgorithm }) }),
  ]
}

function countOf(text: string): number {
  if (!/^[+-]?\d{1,15}$/.test(text)) throw systemErrors.BYTE_COUNT()
  return Number(text)
}

function randomBytes(
  ports: Pick<SystemPorts, 'random'>,
  c: { warn(sentence: string): void },
  { bytes, format, source }: Infer<typeof randomFields>,
): Reply {
  if (!SOURCES.includes(source)) throw systemErrors.ENTROPY_SOURCE()
  if (bytes < 1) throw systemErrors.TOO_FEW_BYTES()
  if (bytes > MAX_BYTES) throw systemErrors.TOO_MANY_BYTES({ max: MAX_BYTES })
  const encoding = encodingOf(format)
  if (source === 'seal') c.warn('no seal/entropy augmentation available, using platform entropy source')
  return ok(randomReply, { random_bytes: Buffer.from(ports.random(bytes)).toString(encoding) })
}

function encodingOf(format: string): 'hex' | 'base64' {
  if (format !== 'hex' && format !== 'base64') throw systemErrors.ENCODING()
  return format
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

function hash({ input, algorithm, format }: Infer<typeof hashFields>): Reply {
  const name = ALGORITHMS.get(algorithm)
  if (name === undefined) throw systemErrors.ALGORITHM({ known: [...ALGORITHMS.keys()].join(', ') })
  const encoding = encodingOf(format)
  if (!BASE64.test(input)) throw systemErrors.NOT_BASE64()
  return ok(hashReply, { sum: createHash(name).update(Buffer.from(input, 'base64')).digest(encoding) })
}

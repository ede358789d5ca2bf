import {
  absent,
  definePath,
  f,
  okData,
  replySchema,
  type Infer,
  type PathDefinition,
  type ReadView,
  type Reply,
} from '#framework'
import { transitErrors } from '../errors.ts'
import { assertExports, exported, exportFormats, exportTypes, exportVersions } from '../exporting.ts'
import { assertUsable, visibleVersions } from '../key.ts'
import { keys, keyVersions } from '../store.ts'
import { keyName } from './fields.ts'

export const exportReply = replySchema('Keys by version.', {
  name: f.string('Name of the key.'),
  type: f.string('Type of the key.'),
  keys: f.map('The keys, by version.'),
})

const fields = {
  format: f
    .string(
      '`raw` for bytes in base64, `der` for SubjectPublicKeyInfo or PKCS #8 in base64, `pem`; or what the type has by itself.',
    )
    .default(''),
}

const help = 'Export a key.'
const type = `What of it: ${exportTypes.join(', ')}.`
const operation = {
  summary: 'Export a key, if it is exportable; what is public of it, in any case.',
  fields,
  replies: { 200: exportReply },
}

export const exportKey: PathDefinition = definePath('export/{type}/{name}', {
  help,
  params: { type, name: keyName },
}).read({
  ...operation,
  operationId: 'transit-export-key',
  run: (c) => exportedReply(c.view, { ...c.params, version: '' }, c.in),
})

export const exportKeyVersion: PathDefinition = definePath('export/{type}/{name}/{version}', {
  help,
  params: { type, name: keyName, version: 'Which version: its number, or `latest`.' },
}).read({
  ...operation,
  operationId: 'transit-export-key-version',
  run: (c) => exportedReply(c.view, c.params, c.in),
})

interface Asked {
  readonly type: string
  readonly name: string
  readonly version: string
}

async function exportedReply(view: ReadView, asked: Asked, given: Infer<typeof fields>): Promise<Reply> {
  const what = exportTypes.find((name) => name === asked.type)
  if (what === undefined) throw transitErrors.EXPORT_TYPE({ known: exportTypes.join(', ') })
  const format = exportFormats.find((name) => name === given.format)
  if (format === undefined) throw transitErrors.EXPORT_FORMAT()
  const key = await keys.get(view, asked.name)
  if (key === undefined) return absent()
  if (!key.exportable && what !== 'public-key' && what !== 'certificate-chain') throw transitErrors.NOT_EXPORTABLE()
  assertUsable(key)
  assertExports(key, what)
  const out = new Map<string, string>()
  for (const number of exportVersions(key, asked.version, visibleVersions(key)))
    out.set(String(number), exported(key, await keyVersions.require(view, key.name, number), what, format))
  return okData({ name: key.name, type: key.type.name, keys: out })
}

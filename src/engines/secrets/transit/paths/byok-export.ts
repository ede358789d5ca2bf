import { createPublicKey } from 'node:crypto'
import { definePath, f, okData, type Infer, type PathDefinition, type ReadView, type Reply } from '#framework'
import { pkcs8FromSeed, seedOf } from '../crypto/ed25519.ts'
import { oaepHash, wrapKey } from '../crypto/key-wrap.ts'
import { transitErrors } from '../errors.ts'
import { exportVersions } from '../exporting.ts'
import { assertUsable, visibleVersions, type Key, type KeyVersion } from '../key.ts'
import { keys, keyVersions } from '../store.ts'
import { exportReply } from './export.ts'
import { keyName } from './fields.ts'

const fields = {
  hash: f.string('Hash function of the OAEP: SHA1, SHA224, SHA256, SHA384 or SHA512.').default('SHA256'),
}
const help = 'Export a key under the wrapping key of another mount.'
const params = {
  destination: f.name(
    'Name of the RSA key under which the other is wrapped: mostly the imported wrapping key of another server.',
  ),
  source: keyName,
}
const operation = {
  summary: 'Export a key in the form that `import` takes.',
  fields,
  replies: { 200: exportReply },
}

export const byokExport: PathDefinition = definePath('byok-export/{destination}/{source}', { help, params }).read({
  ...operation,
  operationId: 'transit-byok-key',
  run: (c) => wrappedReply(c.view, { ...c.params, version: '' }, c.in),
})

export const byokExportVersion: PathDefinition = definePath('byok-export/{destination}/{source}/{version}', {
  help,
  params: { ...params, version: 'Which version: its number, or `latest`.' },
}).read({
  ...operation,
  operationId: 'transit-byok-key-version',
  run: (c) => wrappedReply(c.view, c.params, c.in),
})

interface Asked {
  readonly destination: string
  readonly source: string
  readonly version: string
}

async function wrappedReply(view: ReadView, asked: Asked, given: Infer<typeof fields>): Promise<Reply> {
  const destination = await keys.get(view, asked.destination)
  if (destination === undefined) throw transitErrors.BYOK_NO_DESTINATION()
  assertUsable(destination)
  const source = await keys.get(view, asked.source)
  if (source === undefined) throw transitErrors.BYOK_NO_SOURCE()
  if (!source.exportable) throw transitErrors.BYOK_NOT_EXPORTABLE()
  assertUsable(source)
  const hash = oaepHash(given.hash)
  const wrapping = await destinationKey(view, destination)
  const out = new Map<string, string>()
  for (const number of exportVersions(source, asked.version, visibleVersions(source))) {
    const secret = secretOf(source, await keyVersions.require(view, source.name, number))
    out.set(String(number), wrapKey(wrapping, secret, hash).toString('base64'))
  }
  return okData({ name: source.name, type: source.type.name, keys: out })
}

async function destinationKey(view: ReadView, destination: Key) {
  if (destination.type.family !== 'rsa') throw transitErrors.BYOK_DESTINATION()
  const { publicKey } = await keyVersions.require(view, destination.name, destination.latestVersion)
  if (publicKey === undefined) throw transitErrors.DAMAGED()
  return createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' })
}

function secretOf({ type }: Key, { secret }: KeyVersion): Uint8Array {
  if (secret === undefined) throw transitErrors.BYOK_NO_PRIVATE()
  return type.family === 'ed25519' ? pkcs8FromSeed(seedOf(secret)) : secret
}

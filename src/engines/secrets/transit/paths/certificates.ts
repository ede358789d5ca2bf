import { definePath, f, okData, replySchema, type PathDefinition, type ReadView } from '#framework'
import { chainOf } from '../certificate-chain.ts'
import { createCsr } from '../csr.ts'
import { transitErrors } from '../errors.ts'
import { isVisible, type Key, type KeyVersion } from '../key.ts'
import { signs } from '../key-types.ts'
import { keys, keyVersions } from '../store.ts'
import { keyName } from './fields.ts'

const csrReply = replySchema('A request for a certificate.', {
  name: f.string('Name of the key.'),
  type: f.string('Type of the key.'),
  csr: f.string('The request, in PEM.'),
})

const version = f.int('Version of the key; the latest if absent.').optional()

export const csr: PathDefinition = definePath('keys/{name}/csr', {
  help: 'Ask for a certificate of a key.',
  params: { name: keyName },
  flags: { place: 'anywhere' },
}).compute({
  summary: 'Sign a request for a certificate (PKCS #10) with a key.',
  fields: { version, csr: f.string('A request in PEM whose subject and attributes are taken over.').default('') },
  replies: { 200: csrReply },
  operationId: 'transit-generate-csr-for-key',
  run: async (c) => {
    const { key, stored } = await versionOf(c.view, c.params.name, c.in.version)
    return okData({ name: key.name, type: key.type.name, csr: await createCsr(key.type, stored.version, c.in.csr) })
  },
})

const chainReply = replySchema('A certificate chain that was stored.', {
  name: f.string('Name of the key.'),
  type: f.string('Type of the key.'),
  certificate_chain: f.string('The chain, in PEM.'),
})

export const setCertificate: PathDefinition = definePath('keys/{name}/set-certificate', {
  help: 'Keep the certificates of a key.',
  params: { name: keyName },
}).write({
  summary: 'Store the certificate chain of a version. The first certificate has to be of its public key.',
  fields: { version, certificate_chain: f.string('The chain in PEM, the leaf first.').default('') },
  replies: { 200: chainReply },
  operationId: 'transit-set-certificate-for-key',
  run: async (c) => {
    const { key, stored } = await versionOf(c.view, c.params.name, c.in.version)
    const chain = chainOf(c.in.certificate_chain, key.type, stored.version.publicKey)
    keyVersions.put(c.view, key.name, stored.number, { ...stored.version, certificateChain: chain })
    keys.put(c.view, key)
    return okData({ name: key.name, type: key.type.name, certificate_chain: c.in.certificate_chain })
  },
})

interface Found {
  readonly key: Key
  readonly stored: { readonly number: number; readonly version: KeyVersion }
}

async function versionOf(view: ReadView, name: string, asked: number | undefined): Promise<Found> {
  const key = await keys.get(view, name)
  if (key === undefined) throw transitErrors.CERTIFICATE_KEY({ name })
  if (!signs(key.type)) throw transitErrors.NOT_FOR({ type: key.type.name, what: 'signing' })
  if (key.derived) throw transitErrors.CERTIFICATE_DERIVED()
  const number = asked ?? key.latestVersion
  if (!isVisible(key, number)) throw transitErrors.CSR({ why: 'no such key version' })
  return { key, stored: { number, version: await keyVersions.require(view, name, number) } }
}

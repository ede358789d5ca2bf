import { definePath, f, replySchema, type Infer, type PathDefinition, type ReadView, type Reply } from '#framework'
import { batchResults } from '../batch.ts'
import { transitErrors } from '../errors.ts'
import type { KeyRing } from '../key-ring.ts'
import type { LoadedKey } from '../loaded-key.ts'
import { assertCmac, cmacBytes, cmacText, hmacVersion } from '../mac.ts'
import { keyName, keyVersion } from './fields.ts'
import { macsReply } from './macs.ts'

const reply = replySchema('A CMAC.', {
  cmac: f.string('The CMAC, with the version of the key.'),
  batch_results: batchResults,
})

const fields = {
  input: f.string('What the CMAC is of, in base64.').sensitive().optional(),
  mac_length: f.int('How many bytes of it are given out.').default(cmacBytes.max),
  key_version: keyVersion,
  batch_input: f.json('Items instead of one input, each with an `input`.').sensitive().optional(),
}

const help = 'The CMAC of a value.'
const flags = { place: 'anywhere' } as const
const operation = {
  summary: 'Make CMACs with a key of type `aes128-cmac` or `aes256-cmac`.',
  fields,
  replies: { 200: reply },
}

export function cmacPaths(ring: KeyRing): readonly PathDefinition[] {
  return [
    definePath('cmac/{name}', { help, params: { name: keyName }, flags }).compute({
      ...operation,
      operationId: 'transit-generate-cmac',
      run: async (c) => cmacReply(c.view, await ring.require(c, c.params.name), c.in),
    }),
    definePath('cmac/{name}/{url_mac_length}', {
      help,
      params: { name: keyName, url_mac_length: 'How many bytes of it are given out.' },
      flags,
    }).compute({
      ...operation,
      operationId: 'transit-generate-cmac-with-mac-length',
      run: async (c) => {
        const length = /^\d{1,3}$/.test(c.params.url_mac_length) ? Number(c.params.url_mac_length) : 0
        return cmacReply(c.view, await ring.require(c, c.params.name), { ...c.in, mac_length: length })
      },
    }),
  ]
}

async function cmacReply(view: ReadView, loaded: LoadedKey, given: Infer<typeof fields>): Promise<Reply> {
  assertCmac(loaded)
  const length = macLength(given.mac_length)
  const version = await hmacVersion(view, loaded, given.key_version)
  return macsReply('cmac', given, (input) => cmacText(version, input, length))
}

/** Throws `TRANSIT_MAC_LENGTH`. */
export function macLength(bytes: number): number {
  const { min, max } = cmacBytes
  if (bytes < min || bytes > max) throw transitErrors.MAC_LENGTH({ min, max })
  return bytes
}

/** The seal that a namespace is to have, as whoever makes it says: a document with one stanza, as in the server's configuration. */
import { namespaceErrors } from '../errors/namespaces.ts'
import { blocks, HclError, parseHcl, type Document, type ObjectValue } from '../lib/hcl/index.ts'
import { ShamirSeal } from './shamir-seal.ts'

export interface NamespaceSealConfig {
  readonly shares: number
  readonly threshold: number
}

/** The numbers are not checked. Throws `NAMESPACE_SEAL_CONFIG`. */
export function parseNamespaceSeal(text: string): NamespaceSealConfig {
  const { found, misfits } = blocks(parsed(text).items, 'seal', 1)
  const [stanza] = found
  if (stanza === undefined || found.length > 1 || misfits.length > 0)
    throw refused('seal config must contain exactly one seal stanza')
  if (stanza.labels[0]?.name !== ShamirSeal.type) throw refused('namespaces currently only support shamir seals')
  return { shares: numberIn(stanza.value, 'shares'), threshold: numberIn(stanza.value, 'threshold') }
}

function parsed(text: string): Document {
  try {
    return parseHcl(text)
  } catch (error) {
    if (error instanceof HclError) throw refused(`unable to parse seal config: ${error.message}`)
    throw error
  }
}

/** As a number or as text; 0 where it is left out. */
function numberIn({ items }: ObjectValue, name: string): number {
  const value = items.find((item) => item.keys[0].name === name)?.value
  if (value === undefined) return 0
  if (value.kind === 'number' && value.integer) return value.value
  if (value.kind === 'string' && /^\d{1,9}$/.test(value.value)) return Number(value.value)
  throw refused(`value of ${name} parameter must be integer`)
}

function refused(reason: string) {
  return namespaceErrors.SEAL_CONFIG({ reason })
}

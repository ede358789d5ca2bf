import { reasonOf } from '../../failure.ts'
import { types } from '../field.ts'
import type { Kind } from '../kind.ts'
import { DeclarationError } from '../problem.ts'
import { textAt } from '../value.ts'
import { governingId, governingIds, governingSubject, governingTypeOf, governingTypes } from './governing-policy.ts'
import { named } from './named.ts'

const PATH = 'sys/policies/acl'

const plain = named({
  block: 'policy',
  path: PATH,
  folds: true,
  table: { policy: { type: types.document, needed: true } },
  // The policy "default" cannot be removed; as long as nobody changed it, it is nobody's.
  builtIn: async (name, world) => {
    if (name === 'root') return true
    if (name !== 'default') return false
    const { defaultPolicyText } = await import('../../../policy/index.ts')
    return textAt(await world.read(`${PATH}/${name}`), 'policy') === defaultPolicyText
  },
})

export const policy: Kind = {
  ...plain,
  label: 'a name, with "egp/" or "rgp/" before that of a policy expression',
  canonical: async (id, _, declared) => {
    const type = textAt(declared, 'type').toLowerCase()
    if (type === '') return id
    const governing = governingTypes.find((one) => one === type)
    if (governing === undefined) throw new DeclarationError('"type" takes "egp" or "rgp"; an access policy has none')
    return governingId(id, governing)
  },
  scope: async (id) => governingTypeOf(id) ?? 'acl',
  list: async (world) => [...(await plain.list(world)), ...(await governingIds(world))],
  subject: async (name, world, declared) => {
    const governing = governingTypeOf(name)
    if (governing !== undefined) return governingSubject(name, governing, world, declared)
    const text = textAt(declared, 'policy')
    if (text !== '') await parsed(name, text)
    return plain.subject(name, world, declared)
  },
  mayPrune: async (name) => name !== 'default',
}

/** What cannot be a policy is told before anything is changed. */
async function parsed(name: string, text: string): Promise<void> {
  const { parsePolicy } = await import('../../../policy/index.ts')
  try {
    parsePolicy(name, text)
  } catch (error) {
    throw new DeclarationError(reasonOf(error))
  }
}

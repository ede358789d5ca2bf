import { reasonOf } from '../../failure.ts'
import { types } from '../field.ts'
import type { Kind } from '../kind.ts'
import { DeclarationError } from '../problem.ts'
import { textAt } from '../value.ts'
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
  subject: async (name, world, declared) => {
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

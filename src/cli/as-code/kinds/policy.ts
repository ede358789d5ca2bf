import { types } from '../field.ts'
import { textAt } from '../value.ts'
import { named } from './named.ts'

const PATH = 'sys/policies/acl'

export const policy = named({
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

import { types } from '../field.ts'
import type { Kind } from '../kind.ts'
import { named } from './named.ts'

/** Names that a log-in gives to those it meets for the first time. */
const BY_LOG_IN = /^entity_[0-9a-f]{8}$/

const plain = named({
  block: 'entity',
  path: 'identity/entity/name',
  table: {
    policies: { type: types.names },
    metadata: { type: types.map },
    disabled: { type: types.flag },
  },
  builtIn: (name) => BY_LOG_IN.test(name),
})

export const entity: Kind = {
  ...plain,
  // An entity keeps what a write doesn't name.
  subject: async (name, world, declared) => {
    const subject = await plain.subject(name, world, declared)
    return { ...subject, update: (changed) => subject.update(changed, changed) }
  },
}

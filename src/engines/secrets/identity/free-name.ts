import type { ReadView } from '#framework'
import { storedName } from '../../../lib/identity-name.ts'
import { pooledBytes } from '../../../lib/secure/random.ts'
import type { entityNames, groupNames } from './store.ts'

/** `entity_1a2b3c4d`: a name that nothing has, for what was given none. */
export async function freeName(
  kind: 'entity' | 'group',
  names: typeof entityNames | typeof groupNames,
  view: ReadView,
  namespace: string,
): Promise<string> {
  for (;;) {
    const name = `${kind}_${Buffer.from(pooledBytes(4)).toString('hex')}`
    if (!(await names.has(view, { namespace, name: storedName(name) }))) return name
  }
}

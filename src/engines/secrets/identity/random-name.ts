import { pooledBytes } from '../../../lib/secure/random.ts'

/** `entity_1a2b3c4d`: the name of what was given none. */
export function randomName(kind: 'entity' | 'group'): string {
  return `${kind}_${Buffer.from(pooledBytes(4)).toString('hex')}`
}

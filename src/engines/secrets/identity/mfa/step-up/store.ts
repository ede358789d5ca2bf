/** Methods that policies name (`mfa_methods`), apart from those of log-ins. Views are those of the mount. */
import { createHash } from 'node:crypto'
import { collection, f, type Infer, type ReadView, type WriteView } from '#framework'
import { methodRecord } from '../store.ts'

const record = {
  ...methodRecord,
  /** Of the auth method whose alias the service knows the entity by. Empty for a method that asks nobody by a name. */
  mount_accessor: f.string(),
}
export type StepUpMethod = Infer<typeof record>

/** By a hash of the name, which may be any text. */
const byName = collection('mfa/step-up/{key}', record)
/** For whoever has an id alone. */
export const stepUpIds = collection('mfa/step-up-id/{id}', {})

export function stepUpMethod(view: ReadView, name: string): Promise<StepUpMethod | undefined> {
  return byName.get(view, { key: keyOf(name) })
}

/** In the order of their names. */
export async function stepUpMethods(view: ReadView): Promise<readonly StepUpMethod[]> {
  const found: StepUpMethod[] = []
  for (const key of await byName.list(view)) {
    const one = await byName.get(view, { key })
    if (one !== undefined) found.push(one)
  }
  return found.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

export function putStepUpMethod(view: WriteView, method: StepUpMethod): void {
  byName.put(view, { key: keyOf(method.name) }, method)
  stepUpIds.put(view, { id: method.id }, {})
}

/** Keys that entities have for it are of no use any more; the sweep takes them. */
export function deleteStepUpMethod(view: WriteView, { id, name }: StepUpMethod): void {
  byName.delete(view, { key: keyOf(name) })
  stepUpIds.delete(view, { id })
}

function keyOf(name: string): string {
  return createHash('sha256').update(name).digest('base64url')
}

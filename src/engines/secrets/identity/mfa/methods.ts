/** Methods in the storage. Views are those of the mount. */
import { createHash } from 'node:crypto'
import type { ReadView, WriteView } from '#framework'
import type { MfaChoice } from '../../../../request/mfa-ports.ts'
import { methodNames, methods, type StoredMethod } from './store.ts'

export async function methodNamed(view: ReadView, namespace: string, name: string): Promise<StoredMethod | undefined> {
  const found = await methodNames.get(view, { namespace, key: nameKey(name) })
  return found && methods.get(view, { id: found.id })
}

/** @param before what it was, undefined for a new one. */
export function putMethod(view: WriteView, method: StoredMethod, before: StoredMethod | undefined): void {
  const { id, namespace, name } = method
  if (before !== undefined && before.name !== '') methodNames.delete(view, { namespace, key: nameKey(before.name) })
  if (name !== '') methodNames.put(view, { namespace, key: nameKey(name) }, { id })
  methods.put(view, { id }, method)
}

/** Keys that entities have for it are of no use any more; the sweep takes them. */
export function deleteMethod(view: WriteView, { id, namespace, name }: StoredMethod): void {
  if (name !== '') methodNames.delete(view, { namespace, key: nameKey(name) })
  methods.delete(view, { id })
}

export function choiceOf({ id, type, name, duo }: StoredMethod): MfaChoice {
  return { id, type, name, usesPasscode: type === 'totp' || duo?.use_passcode === true }
}

/** Of any characters and length, as one segment of a storage key. */
function nameKey(name: string): string {
  return createHash('sha256').update(name).digest('base64url')
}

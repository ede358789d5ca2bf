import { requestErrors } from '../errors/request.ts'
import type { Barrier } from '../seal/barrier.ts'
import { KEYRING_KEY, ROOT_KEY_LINKS_KEY } from '../seal/storage-keys.ts'
import type { ReadView } from '../storage/view.ts'

/**
 * True where the root key is another from now on. Rejects with `REQUEST_SEALED` where what is stored is not of this vault any more.
 * @param keysLost is told of that. A storage that fails is no sign of it.
 */
export async function reloadKeyring(barrier: Barrier, view: ReadView, keysLost: () => void): Promise<boolean> {
  const stored = await view.get(KEYRING_KEY)
  if (stored === undefined) return false
  const links = await view.get(ROOT_KEY_LINKS_KEY)
  try {
    return barrier.reload(stored, links)
  } catch (error) {
    keysLost()
    throw requestErrors.SEALED(undefined, { cause: error })
  }
}

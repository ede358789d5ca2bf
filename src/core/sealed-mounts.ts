/** While sealed only `sys/` is there, and of it only what says so. */
import { noTuning, type Mount } from '../request/mount.ts'
import { MountIndex } from '../router/mount-index.ts'

const SYSTEM_MOUNT: Mount = Object.freeze({
  kind: 'system',
  path: 'sys/',
  type: 'system',
  uuid: '',
  accessor: '',
  description: '',
  options: new Map(),
  local: false,
  sealWrap: false,
  externalEntropyAccess: false,
  tuning: noTuning,
  namespaceId: 'root',
  tainted: false,
})
/** For the root namespace, and for those that nobody knows of as long as nothing can be read. */
export const sealedMounts = new MountIndex([SYSTEM_MOUNT, { ...SYSTEM_MOUNT, uuid: 'unknown', namespaceId: '' }])

import { mountLike } from './mount-like.ts'

export const mount = mountLike({
  block: 'mount',
  what: 'mounts',
  builtIn: new Set(['cubbyhole/', 'identity/', 'sys/']),
})

import { mountLike } from './mount-like.ts'

export const auth = mountLike({ block: 'auth', what: 'auth', builtIn: new Set(['token/']) })

import { defineErrors } from './coffer-error.ts'

export const loginErrors = defineErrors('LOGIN', {
  /** Somebody has this name, and not these credentials: it counts against him. The sentence is the method's own. */
  WRONG: { status: 400, message: (p: { sentence: string }) => p.sentence },
  /** Nobody has this name. The client is told the same. */
  UNKNOWN: { status: 400, message: (p: { sentence: string }) => p.sentence },
  LOCKED: { status: 403, message: 'permission denied' },
})

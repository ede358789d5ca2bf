import { f } from '#framework'

/** Letters, digits, `_`, inside also `-`, `.` and `@`. */
const NAME = /^\w(?:[\w.@-]*\w)?$/

export const keyName = f
  .string('Name of the key.')
  .check('a name of letters, digits, "_", "-", "." and "@"', (text) => NAME.test(text))

/** Time-based one-time passwords: makes the codes of a key, and checks those that others make. */
import { defineEngine } from '#framework'
import { code } from './paths/code.ts'
import { key, keyList } from './paths/keys.ts'
import { sweep } from './sweep.ts'

export const totp = defineEngine({
  type: 'totp',
  kind: 'secret',
  help: 'Makes and checks one-time passwords that follow from a key and the time.',
  paths: [keyList, key, code],
  background: [{ everySeconds: 600, run: sweep }],
})

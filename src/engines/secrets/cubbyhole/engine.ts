/** A place for each token, seen by nobody else and removed with it. */
import { defineEngine } from '#framework'
import { entry } from './paths/entry.ts'

export const cubbyhole = defineEngine({
  type: 'cubbyhole',
  kind: 'secret',
  help: 'Keeps secrets for one token each: no other token sees them, and they go with it.',
  paths: [entry],
})

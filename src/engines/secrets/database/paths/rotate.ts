import { CofferError, definePath, done, f, none, type PathDefinition } from '#framework'
import { databaseErrors } from '../errors.ts'
import { databaseEvent, tellFailure } from '../events.ts'
import type { Shared } from '../ports.ts'
import { rotateRoot } from '../root-rotation.ts'
import { rotate } from '../rotation.ts'
import { staticRoles } from '../store.ts'

export function rotatePaths(shared: Shared): readonly PathDefinition[] {
  const root = definePath('rotate-root/{name}', {
    help: 'Give the user of a connection a new password.',
    params: { name: f.name('Name of the connection.') },
  }).write({
    summary: 'Give the user of a connection a new password, which nobody but the server knows.',
    operationId: 'database-rotate-root-credentials',
    replies: { 204: none },
    prepare: async (c) => {
      const { name } = c.params
      try {
        await rotateRoot(c, shared, name)
      } catch (error) {
        await tellFailure(c, databaseEvent('rotate-root-fail', c.path, name, { modified: false }))
        throw error
      }
    },
    run: () => done(),
  })
  const role = definePath('rotate-role/{name}', {
    help: 'Give the user of a static role a new credential.',
    params: { name: f.name('Name of the static role.') },
  }).write({
    summary: 'Give the user of a static role a new credential now.',
    operationId: 'database-rotate-static-role-credentials',
    replies: { 204: none },
    prepare: async (c) => {
      const { name } = c.params
      if (!(await staticRoles.has(c.view, { name }))) throw databaseErrors.NO_STATIC_ROLE()
      try {
        await rotate(c, shared, name)
      } catch (error) {
        if (!(error instanceof CofferError) || error.status < 500) throw error
        throw databaseErrors.ROTATION({ reason: error.message }, { cause: error })
      }
    },
    run: () => done(),
  })
  return [root, role]
}

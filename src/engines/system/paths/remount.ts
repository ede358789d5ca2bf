import { definePath, f, ok, replySchema, absent, badRequest, type CallContext, type PathDefinition } from '#framework'
import { namespaceErrors } from '../../../errors/namespaces.ts'
import { pathProblem } from '../../../lib/path.ts'
import type { MountPlace, SystemPorts } from '../../../request/system-ports.ts'
import { systemErrors } from '../errors.ts'

const moveReply = replySchema('The move.', { migration_id: f.string('Names the move.') })

const statusReply = replySchema('How far a move has come.', {
  migration_id: f.string('Names the move.'),
  migration_info: f.object(
    {
      source_mount: f.string('Where the mount was.'),
      target_mount: f.string('Where it goes.'),
      status: f.enum(['in-progress', 'success', 'failure'], 'How far it has come.'),
    },
    'The move.',
  ),
})

export function remountPaths({ mounts, namespaces }: SystemPorts): readonly PathDefinition[] {
  return [
    definePath('remount', {
      help: 'Move a mount to another path.',
      description:
        'The mount keeps its accessor, its data, its tuning and its leases, which are found below the new path. The paths may lead into ' +
        'namespaces below the one that is asked. An auth method that goes to another namespace leaves its tokens behind: they are revoked.',
      params: {},
      flags: { sudo: true },
    }).write({
      summary: 'Move a mount to another path.',
      fields: {
        from: f.string('Where the mount is; an auth method with "auth/" before it.').default(''),
        to: f.string('Where it goes.').default(''),
      },
      replies: { 200: moveReply },
      run: async (c) => {
        const { from, to } = c.in
        if (from === '' || to === '') throw systemErrors.REMOUNT_BOTH()
        const id = await mounts.move(c.view, place(c, 'from', from), place(c, 'to', to))
        return ok(moveReply, { migration_id: id }, { flatten: true })
      },
    }),
    definePath('remount/status/{migration_id}', {
      help: 'How far the move of a mount has come.',
      params: { migration_id: 'Names the move.' },
      flags: { place: 'leader' },
    }).read({
      summary: 'Tell how far a move has come.',
      replies: { 200: statusReply },
      run: (c) => {
        const move = mounts.moveStatus(c.params.migration_id) ?? absent()
        return ok(statusReply, {
          migration_id: move.id,
          migration_info: { source_mount: move.source, target_mount: move.target, status: move.status },
        })
      },
    }),
  ]

  function place({ request }: CallContext, field: 'from' | 'to', text: string): MountPlace {
    const { namespace, path } = namespaces.descend(request.namespace, canonical(field, text))
    const locked = namespaces.lockedAt(namespace)
    if (locked !== undefined) throw namespaceErrors.LOCKED({ path: locked.path })
    return { namespace, path }
  }
}

function canonical(field: 'from' | 'to', text: string): string {
  if (text.trimEnd() !== text) badRequest(`'${field}' path cannot contain trailing whitespace`)
  const path = text.replace(/^\/|\/$/g, '')
  const problem = path === '' ? 'it is empty' : pathProblem(path)
  if (problem !== undefined) badRequest(`invalid '${field}' path: ${problem}`)
  return `${path}/`
}

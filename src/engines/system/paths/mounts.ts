import { definePath, done, none, okData, type PathDefinition } from '#framework'
import { mountErrors } from '../../../errors/mounts.ts'
import type { SystemPorts } from '../../../request/system-ports.ts'
import { systemErrors } from '../errors.ts'
import { mountInfo, tuneInfo } from '../mount-info.ts'
import { mountListReply, mountReply, tuneReply } from '../mount-replies.ts'
import { enable, enableFields, mountPath, tune, tuneFields, whereOf } from '../mount-work.ts'

const params = { path: 'Where the engine is mounted, such as "secret" or "team/kv".' }

export function mountPaths({ mounts }: SystemPorts): readonly PathDefinition[] {
  return [
    definePath('mounts', { help: 'The mounted secrets engines.', params: {} }).read({
      summary: 'List the mounted secrets engines.',
      replies: { 200: mountListReply },
      run: (c) => {
        const shown = mounts.of(c.request.namespace).filter((mount) => mount.kind !== 'auth')
        return okData(new Map(shown.map((mount) => [mount.path, mountInfo(mounts, mount)])), { flatten: true })
      },
    }),
    definePath('mounts/{path+}', { help: 'Mount, read and unmount a secrets engine.', params })
      .read({
        summary: 'Read the mount that serves a path.',
        replies: { 200: mountReply },
        run: (c) => {
          const path = withSlash(c.params.path)
          const mount = mounts.serving(c.request.namespace, path)
          if (mount === undefined) throw systemErrors.NO_SECRET_MOUNT({ path })
          return okData(mountInfo(mounts, mount), { flatten: true })
        },
      })
      .write({
        summary: 'Mount a secrets engine.',
        fields: enableFields,
        replies: { 204: none },
        run: async (c) => {
          const where = { ...whereOf(c), kind: 'secret', path: mountPath(c.params.path) } as const
          await enable(mounts, c.view, where, c.in)
          return done()
        },
      })
      .deleteApart({
        summary: 'Unmount a secrets engine, and remove all it stored.',
        replies: { 204: none },
        run: async (c) => {
          const path = mountPath(c.params.path)
          // Auth methods go by `sys/auth`, which asks for sudo.
          if (path.startsWith('auth/')) throw mountErrors.PROTECTED({ verb: 'unmount', path })
          await mounts.disable(c.request.namespace, path)
          return done()
        },
      }),
    definePath('mounts/{path+}/tune', { help: 'How a mount is tuned.', params })
      .read({
        summary: 'Tell how a mount is tuned.',
        replies: { 200: tuneReply },
        run: (c) => {
          const path = withSlash(c.params.path)
          const mount = mounts.at(c.request.namespace, path)
          if (mount === undefined) throw mountErrors.NO_SYSVIEW({ path })
          return okData(tuneInfo(mounts, mount), { flatten: true })
        },
      })
      .write({
        summary: 'Tune a mount; what is left out stays.',
        fields: tuneFields,
        replies: { 204: none },
        run: async (c) => {
          await tune(mounts, c.view, { ...whereOf(c), path: mountPath(c.params.path), warn: c.warn }, c.in)
          return done()
        },
      }),
  ]
}

function withSlash(path: string): string {
  return path.endsWith('/') ? path : `${path}/`
}

import { definePath, done, none, okData, type PathDefinition } from '#framework'
import { mountErrors } from '../../../errors/mounts.ts'
import type { SystemPorts } from '../../../request/system-ports.ts'
import { systemErrors } from '../errors.ts'
import { mountInfo, tuneInfo } from '../mount-info.ts'
import { mountListReply, mountReply, tuneReply } from '../mount-replies.ts'
import { enable, enableFields, mountPath, tune, tuneFields, whereOf } from '../mount-work.ts'

/** How the paths of auth methods begin among those of all mounts. */
const AUTH = 'auth/'
const params = { path: 'Where the auth method is, below "auth/".' }
const flags = { sudo: true }

export function authPaths({ mounts }: SystemPorts): readonly PathDefinition[] {
  return [
    definePath('auth', { help: 'The enabled auth methods.', params: {} }).read({
      summary: 'List the enabled auth methods.',
      replies: { 200: mountListReply },
      run: (c) => {
        const shown = mounts.of(c.request.namespace).filter((mount) => mount.kind === 'auth')
        const rows = shown.map((mount) => [mount.path.slice(AUTH.length), mountInfo(mounts, mount)] as const)
        return okData(new Map(rows), { flatten: true })
      },
    }),
    definePath('auth/{path+}', { help: 'Enable, read and disable an auth method.', params, flags })
      .read({
        summary: 'Read an auth method.',
        replies: { 200: mountReply },
        run: (c) => {
          const path = mountPath(c.params.path)
          const mount = mounts.at(c.request.namespace, AUTH + path)
          if (mount === undefined) throw systemErrors.NO_AUTH_MOUNT({ path })
          return okData(mountInfo(mounts, mount), { flatten: true })
        },
      })
      .write({
        summary: 'Enable an auth method.',
        fields: enableFields,
        replies: { 204: none },
        run: async (c) => {
          const where = { ...whereOf(c), kind: 'auth', path: AUTH + mountPath(c.params.path) } as const
          await enable(mounts, c.view, where, c.in)
          return done()
        },
      })
      .deleteApart({
        summary: 'Disable an auth method: its tokens are revoked and all it stored is removed.',
        replies: { 204: none },
        run: async (c) => {
          await mounts.disable(c.request.namespace, AUTH + mountPath(c.params.path))
          return done()
        },
      }),
    definePath('auth/{path+}/tune', { help: 'How an auth method is tuned.', params, flags })
      .read({
        summary: 'Tell how an auth method is tuned.',
        replies: { 200: tuneReply },
        run: (c) => {
          const path = AUTH + mountPath(c.params.path)
          const mount = mounts.at(c.request.namespace, path)
          if (mount === undefined) throw mountErrors.NO_SYSVIEW({ path })
          return okData(tuneInfo(mounts, mount), { flatten: true })
        },
      })
      .write({
        summary: 'Tune an auth method; what is left out stays.',
        fields: tuneFields,
        replies: { 204: none },
        run: async (c) => {
          const path = AUTH + mountPath(c.params.path)
          await tune(mounts, c.view, { ...whereOf(c), path, warn: c.warn }, c.in)
          return done()
        },
      }),
  ]
}

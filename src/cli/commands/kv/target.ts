/** Which engine a key lives in, of which version, and so what its paths are. */
import { posix } from 'node:path'
import type { Client } from '../../client/client.ts'
import { ResponseError } from '../../client/response-error.ts'
import { failure, reasonOf } from '../../failure.ts'
import { flag } from '../../flags/flag.ts'
import { sanitizePath } from '../../paths.ts'
import { member, plainText } from '../../tree.ts'

export const mount = flag.string({
  usage:
    'Path of the KV engine. With it the argument is the key alone; without it the argument is mount and key together, and ' +
    '/data/ or /metadata/ is put between them for engines of version 2.',
})

export interface KvTarget {
  readonly v2: boolean
  /** The API's path, with `section` (data, metadata, delete…) where an engine of version 2 wants it. */
  path(section: string): string
}

/** `mountFlag` is empty where `key` begins with the mount. Throws `CliFailure`. */
export async function resolveTarget(client: Client, mountFlag: string, key: string): Promise<KvTarget> {
  const engine = await engineAt(client, mountFlag === '' ? key : sanitizePath(mountFlag))
  const whole = mountFlag === '' ? key : posix.join(engine.path === '' ? sanitizePath(mountFlag) : engine.path, key)
  return {
    v2: engine.v2,
    path: (section) => (engine.v2 ? withSection(whole, engine.path, section) : whole.replace(/(?<=.)\/$/, '')),
  }
}

interface Engine {
  /** With a slash at the end; empty if the server did not say. */
  readonly path: string
  readonly v2: boolean
}

async function engineAt(client: Client, path: string): Promise<Engine> {
  try {
    const secret = await client.aside().send({ method: 'GET', path: `sys/internal/ui/mounts/${path}` })
    if (secret === undefined) throw failure('nil response from pre-flight request')
    return {
      path: plainText(secret.data?.get('path')),
      v2: plainText(member(secret.data?.get('options'), 'version')) === '2',
    }
  } catch (error) {
    // A server too old to know the question has no engines of version 2 either.
    if (error instanceof ResponseError && error.status === 404) return { path: '', v2: false }
    throw failure(reasonOf(error))
  }
}

/** `section` between mount and key. The mount as told may begin with a namespace that the path does not have. */
export function withSection(path: string, mountPath: string, section: string): string {
  if (path === mountPath || path === mountPath.replace(/\/$/, '')) return posix.join(mountPath, section)
  let own = mountPath
  while (!path.startsWith(own)) {
    const cut = own.indexOf('/')
    const rest = cut < 0 ? '' : own.slice(cut + 1)
    if (rest === '') break
    own = rest
  }
  const key = path.startsWith(own) ? path.slice(own.length) : path
  return posix.join(own, section, key).replace(/(?<=.)\/$/, '')
}

/** `1,2` and repeated flags alike. */
export function versionList(versions: readonly string[]): readonly string[] {
  return versions.flatMap((text) => text.split(',').map((part) => part.trim())).filter((part) => part !== '')
}

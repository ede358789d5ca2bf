/** The file of a unix socket: made with its final mode, owned as configured, never over something that is not a dead socket. */
import { chmod, chown, lstat, readFile, unlink } from 'node:fs/promises'
import { connect } from 'node:net'
import type { Server } from 'node:net'
import type { UnixSocketConfig } from './config.ts'
import { listenerErrors } from './errors.ts'

/** Removes the socket a killed process left. Rejects with `LISTENER_IN_USE` or `LISTENER_NOT_A_SOCKET`. */
export async function clearStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) return undefined
    throw error
  })
  if (found === undefined) return
  if (!found.isSocket()) throw listenerErrors.NOT_A_SOCKET({ path })
  if (await answers(path)) throw listenerErrors.IN_USE({ address: path })
  await unlink(path)
}

/** Binds within this call, so that the socket never exists with a wider mode than 0600. */
export function listenPrivately(server: Server, path: string): void {
  const before = process.umask(0o177)
  try {
    server.listen({ path })
  } finally {
    process.umask(before)
  }
}

export async function setOwnership(path: string, config: UnixSocketConfig): Promise<void> {
  if (config.user !== undefined || config.group !== undefined) {
    const uid = config.user === undefined ? -1 : await idOf('/etc/passwd', config.user)
    const gid = config.group === undefined ? -1 : await idOf('/etc/group', config.group)
    await chown(path, uid, gid)
  }
  await chmod(path, config.mode)
}

async function idOf(table: string, name: string): Promise<number> {
  if (/^\d+$/u.test(name)) return Number(name)
  const rows = (await readFile(table, 'utf8')).split('\n').map((line) => line.split(':'))
  const id = rows.find(([first]) => first === name)?.[2]
  if (id === undefined) throw listenerErrors.OWNER({ name })
  return Number(id)
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    // Refused: nobody listens. Anything else (no permission, a full backlog) may be a living server.
    socket.once('error', (error) => resolve(!isCode(error, 'ECONNREFUSED')))
  })
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

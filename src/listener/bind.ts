import type { Server } from 'node:net'
import { formatAddress, parseAddress } from './address.ts'
import type { ListenerConfig } from './config.ts'
import { listenerErrors } from './errors.ts'
import { clearStaleSocket, listenPrivately, setOwnership } from './unix-socket.ts'

/** Opens the address. The result is how clients reach it. Rejects with a `LISTENER_*` error. */
export async function bind(server: Server, config: ListenerConfig): Promise<string> {
  return config.type === 'unix' ? bindUnix(server, config) : bindTcp(server, config)
}

async function bindTcp(server: Server, config: ListenerConfig): Promise<string> {
  const { host, port } = parseAddress(config.address)
  await listening(server, config.address, () => {
    server.listen({ port, reusePort: config.reusePort, ...(host === undefined ? {} : { host }) })
  })
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw listenerErrors.BIND({ address: config.address })
  return formatAddress(host ?? bound.address, bound.port)
}

async function bindUnix(server: Server, config: ListenerConfig): Promise<string> {
  const path = config.address
  await clearStaleSocket(path)
  await listening(server, path, () => listenPrivately(server, path))
  try {
    await setOwnership(path, config.unixSocket)
  } catch (error) {
    server.close()
    throw error
  }
  return path
}

function listening(server: Server, address: string, start: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (cause: NodeJS.ErrnoException): void => {
      server.off('listening', done)
      const error = cause.code === 'EADDRINUSE' ? listenerErrors.IN_USE : listenerErrors.BIND
      reject(error({ address }, { cause }))
    }
    const done = (): void => {
      server.off('error', failed)
      resolve()
    }
    server.once('error', failed)
    server.once('listening', done)
    start()
  })
}

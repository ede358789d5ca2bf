/** Asks a PostgreSQL server whether it has TLS, as the protocol has it: eight bytes there, one byte back. */
import { connect } from 'node:net'

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

/** @param timeout ms without a sign of the server. */
export function offersTls(host: string, port: number, timeout: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout })
    socket.once('connect', () => socket.write(SSL_REQUEST))
    socket.once('timeout', () => socket.destroy(new Error('PostgreSQL did not answer in time')))
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('PostgreSQL closed the connection')))
    socket.once('data', (bytes) => {
      resolve(String(bytes) === 'S')
      socket.destroy()
    })
  })
}

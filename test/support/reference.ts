/** A development server of the reference (`REFERENCE_BIN`: an OpenBao or Vault binary), on a port of its own. */
import { spawn } from 'node:child_process'
import { until } from './callers.ts'
import { request } from './http.ts'
import { freePort } from './server.ts'

export const referenceBinary = process.env['REFERENCE_BIN']
export const noReference: string | false =
  referenceBinary === undefined ? 'REFERENCE_BIN does not name an OpenBao or Vault binary' : false

export interface Reference extends AsyncDisposable {
  readonly address: string
  readonly token: string
  call(method: string, path: string, body?: unknown): Promise<{ readonly status: number; readonly json: unknown }>
}

export async function startReference(): Promise<Reference> {
  const port = await freePort()
  const address = `http://127.0.0.1:${port}`
  const token = 'reference-root'
  const flags = [`-dev-listen-address=127.0.0.1:${port}`, `-dev-root-token-id=${token}`, '-dev-no-store-token']
  const child = spawn(referenceBinary ?? '', ['server', '-dev', ...flags], { stdio: 'ignore' })
  const call = (method: string, path: string, body?: unknown) =>
    request(address, method, `/v1/${path}`, { token, ...(body === undefined ? {} : { body }) })
  await until('the reference answers', () =>
    call('GET', 'sys/health').then(
      ({ status }) => (status === 200 ? true : undefined),
      () => undefined,
    ),
  )
  return {
    address,
    token,
    call,
    [Symbol.asyncDispose]: async () => {
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.kill()
      await gone
    },
  }
}

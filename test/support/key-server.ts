/** Servers that speak a key service's protocol, on a port of their own, with a key they make themselves. */
import { readFileSync } from 'node:fs'
import { createServer as createPlain, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTls } from 'node:https'
import { join } from 'node:path'

export interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: Readonly<Record<string, unknown>>
}

export interface Told {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

export interface KeyServer extends AsyncDisposable {
  readonly address: string
  readonly asked: readonly Asked[]
}

const tls = join(import.meta.dirname, 'tls')

export const testCa = (): string => readFileSync(join(tls, 'ca.pem'), 'utf8')

export async function keyServer(answer: (asked: Asked) => Told, secure = false): Promise<KeyServer> {
  const asked: Asked[] = []
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const text = Buffer.concat(parts).toString()
      const one = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body: text === '' ? {} : JSON.parse(text),
      }
      asked.push(one)
      const { status = 200, headers = {}, body } = answer(one)
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end(body === undefined ? '' : JSON.stringify(body))
    })
  }
  const certificate = { cert: readFileSync(join(tls, 'server.pem')), key: readFileSync(join(tls, 'server.key')) }
  const server = secure ? createTls(certificate, handle) : createPlain(handle)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const listening = server.address()
  const port = typeof listening === 'object' && listening !== null ? listening.port : 0
  return {
    address: `${secure ? 'https' : 'http'}://127.0.0.1:${port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/**
 * Duo, Okta and PingID as far as a second factor needs them: HTTP servers that speak their APIs and check what they are sent.
 * `await using services = await startServices()`, then `services.web` in place of `fetch`.
 */
import { createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { once } from 'node:events'
import { CompactSign, compactVerify } from 'jose'

export interface Person {
  /** What happens with a push: each look at it gives the next, and the last one stays. */
  readonly push?: readonly ('waiting' | 'allow' | 'deny')[]
  readonly passcode?: string
  /** Duo decides before it asks. */
  readonly preauth?: 'allow' | 'deny' | 'enroll'
  /** At Okta. */
  readonly status?: string
}

export interface Asked {
  readonly path: string
  readonly body: string
}

type Answer = { readonly status?: number; readonly json: unknown } | { readonly status?: number; readonly text: string }

interface Incoming {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly body: string
  readonly headers: IncomingMessage['headers']
  /** The host that was meant. */
  readonly host: string
}

export const duo = { integration: 'DIWJ8X6AEYOR5OMC6TQ1', secret: 'Zh5eGmUq9zpfQnyUIu5OL9iWoMMv5ZNmk3zLJ4Ep' } as const
export const okta = { token: '00abc', host: 'acme.okta.com' } as const
export const pingid = { token: 'ping-token', organisation: 'ping-org', key: Buffer.alloc(32, 'k') } as const
export const DUO_HOST = 'api-1a2b3c4d.duosecurity.com'
export const PING_HOST = 'idpxnyl3m.pingidentity.com'

export function pingSettings(more = ''): string {
  const lines = [
    '#Auto-Generated from PingOne',
    `use_base64_key=${pingid.key.toString('base64')}`,
    'use_signature=true',
    `token=${pingid.token}`,
    `idp_url=https://${PING_HOST}/pingid`,
    `org_alias=${pingid.organisation}`,
    `admin_url=https://${PING_HOST}/pingid`,
    'authenticator_url=https://authenticator.pingone.com/pingid/ppm',
  ]
  return Buffer.from(`${lines.join('\n')}\n${more}`).toString('base64')
}

export class Services implements AsyncDisposable {
  readonly people = new Map<string, Person>()
  readonly asked: Asked[] = []
  /** What PingID signs with, and for whom: others than it should, if a test says so. */
  ping: { key: Uint8Array; token: string; organisation: string } = { ...pingid }
  /** Where Okta sends whoever waits. */
  oktaPoll = `https://${okta.host}`
  readonly #server: Server
  readonly #looks = new Map<string, number>()

  constructor() {
    this.#server = createServer((request, response) => {
      void this.#serve(request).then((answer) => {
        const text = 'text' in answer ? answer.text : JSON.stringify(answer.json)
        response.writeHead(answer.status ?? 200, { 'Content-Type': 'application/json' }).end(text)
      })
    })
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  /** In place of `fetch`: what is meant for one of the services comes here, over HTTP; nobody else is there. */
  readonly web = async (address: string, init: RequestInit): Promise<Response> => {
    const url = new URL(address)
    if (url.protocol !== 'https:' || ![DUO_HOST, okta.host, PING_HOST].includes(url.host))
      throw new TypeError('no route')
    const bound = this.#server.address()
    if (bound === null || typeof bound === 'string') throw new TypeError('not listening')
    const headers = new Headers(init.headers)
    headers.set('X-Meant-Host', url.host)
    return fetch(`http://127.0.0.1:${bound.port}${url.pathname}${url.search}`, { ...init, headers })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #serve(request: IncomingMessage): Promise<Answer> {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(Buffer.from(part))
    const [path = '', query = ''] = (request.url ?? '').split('?')
    const body = Buffer.concat(parts).toString()
    this.asked.push({ path, body })
    const host = String(request.headers['x-meant-host'])
    const incoming = { method: request.method ?? '', path, query, body, headers: request.headers, host }
    if (host === DUO_HOST) return this.#duo(incoming)
    return host === okta.host ? this.#okta(incoming) : this.#pingId(incoming)
  }

  #look(name: string): 'waiting' | 'allow' | 'deny' {
    const push = this.people.get(name)?.push ?? ['deny']
    const look = this.#looks.get(name) ?? 0
    this.#looks.set(name, look + 1)
    return push[Math.min(look, push.length - 1)] ?? 'deny'
  }

  #duo({ method, path, query, body, headers, host }: Incoming): Answer {
    const parameters = method === 'GET' ? query : body
    const canonical = [headers.date, method, host, path, parameters].join('\n')
    const signature = createHmac('sha512', duo.secret).update(canonical).digest('hex')
    const expected = `Basic ${Buffer.from(`${duo.integration}:${signature}`).toString('base64')}`
    if (headers.authorization !== expected) return { status: 401, json: { stat: 'FAIL', message: 'Invalid signature' } }
    const asked = new URLSearchParams(parameters)
    const name = asked.get('username') ?? ''
    const person = this.people.get(name)
    const ok = (response: unknown): Answer => ({ json: { stat: 'OK', response } })
    switch (path) {
      case '/auth/v2/check':
        return ok({ time: 1 })
      case '/auth/v2/preauth': {
        const result = person === undefined ? 'deny' : (person.preauth ?? 'auth')
        return ok({
          result,
          status_msg: result === 'enroll' ? 'Enroll an authentication device' : `Preauth: ${result}`,
        })
      }
      case '/auth/v2/auth':
        this.#looks.delete(name)
        return ok({ txid: `${asked.get('factor')}:${asked.get('passcode') ?? ''}:${name}` })
      case '/auth/v2/auth_status': {
        const [factor, passcode, who = ''] = (asked.get('txid') ?? '').split(':')
        const isGood = factor === 'passcode' && passcode === this.people.get(who)?.passcode
        const result = factor === 'passcode' ? (isGood ? 'allow' : 'deny') : this.#look(who)
        return ok({ result, status_msg: result === 'deny' ? 'Login request denied.' : 'Success. Logging you in...' })
      }
      default:
        return { status: 404, json: { stat: 'FAIL' } }
    }
  }

  #okta({ method, path, query, body, headers }: Incoming): Answer {
    if (headers.authorization !== `SSWS ${okta.token}`) return { status: 401, json: { errorCode: 'E0000011' } }
    if (path === '/api/v1/users') {
      const [, name = ''] =
        /^profile\.(?:login|email) eq "([^"]*)"$/.exec(new URLSearchParams(query).get('filter') ?? '') ?? []
      const person = this.people.get(name)
      return { json: person === undefined ? [] : [{ id: `id-${name}`, status: person.status ?? 'ACTIVE' }] }
    }
    const [, encoded = '', rest = ''] = /^\/api\/v1\/users\/id-([^/]+)\/factors(.*)$/.exec(path) ?? []
    const name = decodeURIComponent(encoded)
    const person = this.people.get(name)
    if (rest === '') {
      return {
        json: [
          { id: 'sms', factorType: 'sms', status: 'ACTIVE' },
          ...(person?.push === undefined ? [] : [{ id: 'push', factorType: 'push', status: 'ACTIVE' }]),
          ...(person?.passcode === undefined
            ? []
            : [{ id: 'totp', factorType: 'token:software:totp', status: 'ACTIVE' }]),
        ],
      }
    }
    if (rest === '/totp/verify' && method === 'POST') {
      const isGood = JSON.parse(body).passCode === person?.passcode
      return isGood ? { json: { factorResult: 'SUCCESS' } } : { status: 403, json: { errorCode: 'E0000068' } }
    }
    if (rest === '/push/verify' && method === 'POST') {
      this.#looks.delete(name)
      const href = `${this.oktaPoll}/api/v1/users/id-${encoded}/factors/push/transactions/t1`
      return { json: { factorResult: 'WAITING', _links: { poll: { href } } } }
    }
    const results = { waiting: 'WAITING', allow: 'SUCCESS', deny: 'REJECTED' } as const
    return { json: { factorResult: results[this.#look(name)] } }
  }

  async #pingId({ path, body }: Incoming): Promise<Answer> {
    const { payload, protectedHeader } = await compactVerify(body, pingid.key)
    const claims = JSON.parse(Buffer.from(payload).toString())
    const isOurs =
      path === '/pingid/rest/4/authonline/do' &&
      protectedHeader['org_alias'] === pingid.organisation &&
      claims.reqHeader.secretKey === pingid.token &&
      claims.reqBody.authType === 'CONFIRM'
    const isAllowed = isOurs && this.#look(claims.reqBody.userName) === 'allow'
    const responseBody = isAllowed
      ? { errorId: 200, errorMsg: 'ok' }
      : { errorId: 20_521, errorMsg: 'Denied by the user' }
    const { key, token, organisation } = this.ping
    const signed = new CompactSign(Buffer.from(JSON.stringify({ responseBody })))
    return { text: await signed.setProtectedHeader({ alg: 'HS256', orgAlias: organisation, token }).sign(key) }
  }
}

export async function startServices(): Promise<Services> {
  const services = new Services()
  await services.start()
  return services
}

/** People who log in with a password and a second factor: `await using mfa = await mfaServer()`. */
import { TOTP, URI } from 'otpauth'
import { composedServer, type ComposedAnswer, type ComposedOptions, type ComposedServer } from './composed.ts'
import { at, textAt } from './json.ts'

export class MfaServer implements AsyncDisposable {
  readonly server: ComposedServer

  constructor(server: ComposedServer) {
    this.server = server
  }

  call(method: string, path: string, body?: unknown, token?: string): Promise<ComposedAnswer> {
    return this.server.call(method, path, body, token === undefined ? {} : { token })
  }

  /** With the root token; anything but success is an error. */
  async done(method: string, path: string, body?: unknown): Promise<ComposedAnswer> {
    const answer = await this.call(method, path, body)
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`)
    return answer
  }

  async method(type: string, body: object): Promise<string> {
    return textAt((await this.done('POST', `identity/mfa/method/${type}`, body)).json, 'data', 'method_id')
  }

  /** @param period so long by default that none ends during a test. */
  totp(name = 'totp', more: object = {}): Promise<string> {
    return this.method('totp', { method_name: name, issuer: 'Test', period: '24h', qr_size: 0, ...more })
  }

  enforce(name: string, methods: readonly string[], whom: object = { auth_method_types: ['userpass'] }) {
    return this.done('POST', `identity/mfa/login-enforcement/${name}`, { mfa_method_ids: methods, ...whom })
  }

  /** A user and his entity. */
  async user(name: string): Promise<string> {
    await this.done('POST', `auth/userpass/users/${name}`, { password: 'pw', token_policies: 'default' })
    const accessor = textAt((await this.done('GET', 'sys/auth')).json, 'data', 'userpass/', 'accessor')
    const made = await this.done('POST', 'identity/entity', { name: `entity-${name}` })
    const id = textAt(made.json, 'data', 'id')
    await this.done('POST', 'identity/entity-alias', { name, canonical_id: id, mount_accessor: accessor })
    return id
  }

  /** What makes the codes of an entity. */
  async authenticator(method: string, entity: string): Promise<TOTP> {
    const made = await this.done('POST', 'identity/mfa/method/totp/admin-generate', {
      method_id: method,
      entity_id: entity,
    })
    const totp = URI.parse(textAt(made.json, 'data', 'url'))
    if (!(totp instanceof TOTP)) throw new Error('not a key of TOTP')
    return totp
  }

  login(name: string, headers: Readonly<Record<string, string>> = {}): Promise<ComposedAnswer> {
    const path = `auth/userpass/login/${name.split('/').map(encodeURIComponent).join('/')}`
    return this.server.call('POST', path, { password: 'pw' }, { token: '', headers })
  }

  /** The id of a log-in that waits. */
  async begin(name: string): Promise<string> {
    return requestOf(await this.login(name))
  }

  validate(requestId: string, payload: object, from?: string): Promise<ComposedAnswer> {
    const body = { mfa_request_id: requestId, mfa_payload: payload }
    return this.server.call('POST', 'sys/mfa/validate', body, { token: '', ...(from === undefined ? {} : { from }) })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]()
  }
}

export function requestOf(answer: ComposedAnswer): string {
  return textAt(answer.json, 'auth', 'mfa_requirement', 'mfa_request_id')
}

/** Empty where there is none. */
export function tokenOf(answer: ComposedAnswer): string {
  return answer.status === 200 && at(answer.json, 'auth') !== null ? textAt(answer.json, 'auth', 'client_token') : ''
}

/** With `userpass` mounted. */
export async function mfaServer(options: ComposedOptions = {}): Promise<MfaServer> {
  const mfa = new MfaServer(await composedServer(options))
  await mfa.done('POST', 'sys/auth/userpass', { type: 'userpass' })
  return mfa
}

/** People with entities, and what OpenID Connect needs of a server. */
import { request, type Answer } from './http.ts'
import { textAt } from './json.ts'

export interface OidcServer {
  readonly address: string
  readonly token: string
}

export interface Person {
  readonly token: string
  readonly entityId: string
}

/** A token whose holder has an entity, as a log-in gives one. `policy` is HCL. */
export async function person(server: OidcServer, name: string, policy = ''): Promise<Person> {
  await expectOk(
    call(server, 'POST', `sys/policies/acl/${name}`, {
      policy: policy || 'path "identity/oidc/*" { capabilities = ["read", "update"] }',
    }),
  )
  await expectOk(call(server, 'POST', 'auth/token/roles/people', { allowed_entity_aliases: '*' }))
  const made = await expectOk(
    call(server, 'POST', 'auth/token/create/people', { entity_alias: name, policies: [name] }),
  )
  return { token: textAt(made.json, 'auth', 'client_token'), entityId: textAt(made.json, 'auth', 'entity_id') }
}

export interface OidcClient {
  readonly id: string
  /** Empty for a public client. */
  readonly secret: string
}

export async function oidcClient(server: OidcServer, name: string, settings: object): Promise<OidcClient> {
  await expectOk(call(server, 'POST', `identity/oidc/client/${name}`, { assignments: ['allow_all'], ...settings }))
  const read = await expectOk(call(server, 'GET', `identity/oidc/client/${name}`))
  const isPublic = textAt(read.json, 'data', 'client_type') === 'public'
  return {
    id: textAt(read.json, 'data', 'client_id'),
    secret: isPublic ? '' : textAt(read.json, 'data', 'client_secret'),
  }
}

export function call({ address, token }: OidcServer, method: string, path: string, body?: object): Promise<Answer> {
  return request(address, method, `/v1/${path}`, { token, ...(body === undefined ? {} : { body }) })
}

/** What a browser and the page that it was sent to do: asks for the code, and goes back to the client with it. */
export async function authorize(server: OidcServer, sent: URL, token: string): Promise<URL> {
  const path = sent.pathname.replace('/ui/vault/', '/v1/')
  const answer = await request(server.address, 'GET', path + sent.search, { token })
  const back = new URL(sent.searchParams.get('redirect_uri') ?? '')
  for (const name of answer.status === 200 ? ['code', 'state'] : ['error', 'error_description', 'state'])
    back.searchParams.set(name, textAt(answer.json, name))
  return back
}

/** Sends a form to a token endpoint. */
export function exchange(
  { address }: OidcServer,
  provider: string,
  form: Readonly<Record<string, string>>,
  basic?: OidcClient,
): Promise<Answer> {
  const authorization = basic && `Basic ${Buffer.from(`${basic.id}:${basic.secret}`).toString('base64')}`
  return request(address, 'POST', `/v1/identity/oidc/provider/${provider}/token`, {
    bytes: new URLSearchParams(form).toString(),
    headers: {
      'Content-Type': 'application/x-www-form-urlencoded',
      ...(authorization === undefined ? {} : { Authorization: authorization }),
    },
  })
}

export async function expectOk(answer: Promise<Answer>): Promise<Answer> {
  const done = await answer
  if (done.status >= 300) throw new Error(`${done.status}: ${done.text}`)
  return done
}

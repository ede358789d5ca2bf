/** People of a composed server, each with an entity, a log-in and groups: `const bob = await people.add('bob', ['managers'])`. */
import assert from 'node:assert/strict'
import type { ComposedAnswer, ComposedServer } from './composed.ts'
import { at, textAt } from './json.ts'

export interface TestPerson {
  readonly name: string
  readonly token: string
  readonly entity: string
}

const WITHIN = (namespace: string) => (namespace === '' ? {} : { 'X-Vault-Namespace': namespace })

export class People {
  readonly #server: ComposedServer
  readonly #namespace: string

  private constructor(server: ComposedServer, namespace: string) {
    this.#server = server
    this.#namespace = namespace
  }

  /** @param namespace in which they are known. */
  static async in(server: ComposedServer, namespace = ''): Promise<People> {
    const people = new People(server, namespace)
    assert.equal((await people.root('POST', 'sys/auth/userpass', { type: 'userpass' })).status, 204)
    return people
  }

  root(method: string, path: string, body?: unknown): Promise<ComposedAnswer> {
    return this.#server.call(method, path, body, { headers: WITHIN(this.#namespace) })
  }

  by(person: TestPerson, method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) {
    return this.#server.call(method, path, body, {
      token: person.token,
      headers: { ...WITHIN(this.#namespace), ...headers },
    })
  }

  async policy(name: string, policy: string): Promise<void> {
    const written = await this.root('PUT', `sys/policies/acl/${name}`, { policy })
    assert.equal(written.status, 204, written.text)
  }

  async add(name: string, policies: readonly string[] = []): Promise<TestPerson> {
    await this.root('POST', `auth/userpass/users/${name}`, { password: `pw-${name}`, token_policies: policies })
    return this.logIn(name)
  }

  async logIn(name: string): Promise<TestPerson> {
    const login = await this.#server.call(
      'POST',
      `auth/userpass/login/${name}`,
      { password: `pw-${name}` },
      {
        token: '',
        headers: WITHIN(this.#namespace),
      },
    )
    assert.equal(login.status, 200, login.text)
    return { name, token: textAt(login.json, 'auth', 'client_token'), entity: textAt(login.json, 'auth', 'entity_id') }
  }

  /** Returns the group's id. */
  async group(name: string, members: readonly TestPerson[], policies: readonly string[] = []): Promise<string> {
    const body = { member_entity_ids: members.map(({ entity }) => entity), policies }
    const made = await this.root('POST', `identity/group/name/${name}`, body)
    assert.ok(made.status < 300, made.text)
    return textAt((await this.root('GET', `identity/group/name/${name}`)).json, 'data', 'id')
  }
}

export interface Waiting {
  readonly token: string
  readonly accessor: string
}

/** What is answered in the place of what a control group holds. */
export function heldBy(answer: ComposedAnswer): Waiting {
  assert.equal(answer.status, 200, answer.text)
  assert.equal(at(answer.json, 'data'), null)
  return { token: textAt(answer.json, 'wrap_info', 'token'), accessor: textAt(answer.json, 'wrap_info', 'accessor') }
}

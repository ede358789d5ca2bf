/** Every field of every operation that the server's own OpenAPI document names, with values of every other type. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createToken, series } from '../support/callers.ts'
import { request, type Answer } from '../support/http.ts'
import { at } from '../support/json.ts'
import { startServer, type TestServer } from '../support/server.ts'

/** JSON texts. */
const VALUES = [
  'null',
  '[]',
  '{}',
  '""',
  '-1',
  '1e309',
  'true',
  '"NaN"',
  '0',
  '1.5',
  '9007199254740993',
  '-0',
  '[null]',
  '[[]]',
  '[{}]',
  '{"a":null}',
  '{"__proto__":{"x":1}}',
  '"\\u0000"',
  '"\\ud800"',
  '"0x10"',
  '"1e3s"',
  '"-1h"',
  '" "',
  '"a,b"',
  '"../x"',
  '"{{x}}"',
  '"%s%n"',
  `"${'x'.repeat(5000)}"`,
  `[${'1,'.repeat(400)}1]`,
]
const BODIES = [
  '',
  'null',
  '[]',
  '{}',
  '"x"',
  '1',
  'true',
  '{"a":',
  '{"":1}',
  '{"__proto__":1,"constructor":2}',
  ' ',
  '\u0000',
]
const NAMES = [
  'fuzz',
  '__proto__',
  'constructor',
  '%20',
  'a%2Fb',
  '%00',
  '..',
  '*',
  'x'.repeat(600),
  '%E2%82%AC',
  '0',
  '-1',
  'a;b',
  '{{x}}',
]
/** They would end the test, or not end themselves; others look at them. */
const LEFT_OUT = new Set(['post /sys/seal', 'delete /sys/root-tokens', 'get /sys/monitor', 'get /sys/pprof/profile'])

/** What they make limits all requests that come after them, so they come last. */
const LIMITING = /^\/sys\/quotas\/(rate-limit|lease-count)\//

interface Operation {
  readonly method: string
  readonly path: string
  readonly fields: readonly string[]
  readonly query: readonly string[]
  readonly type: string
}

describe('no value of a wrong type', () => {
  let server: TestServer
  let operations: readonly Operation[]
  before(async () => {
    server = await startServer({
      storage: 'inmem',
      config: 'raw_storage_endpoint = true\nunsafe_allow_api_audit_creation = true\nlog_level = "error"',
    })
    await server.call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
    await server.call('POST', 'sys/mounts/old', { type: 'kv' })
    await server.call('POST', 'sys/mounts/database', { type: 'database' })
    operations = operationsOf((await server.call('GET', 'sys/internal/specs/openapi')).json)
  })
  after(() => server[Symbol.asyncDispose]())

  let sent = 0
  const statuses = new Map<number, number>()
  const fuzz = async ({ method, path, fields, query, type }: Operation, first: string): Promise<void> => {
    let token = first
    const send = async (target: string, bytes: string | undefined): Promise<void> => {
      const answer = await request(server.address, method, `/v1${target}`, {
        token,
        ...(bytes === undefined ? {} : { bytes, headers: { 'Content-Type': type } }),
      })
      // The operation may have ended its own token.
      if (answer.status === 403 && /revoke/.test(path)) token = await createToken(server, { policies: ['root'] })
      assertCivil(answer, `${method} ${target} ${bytes?.slice(0, 200)}`)
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
      sent++
    }
    const plain = path.replace(/\{\w+\}/g, 'fuzz')
    for (const field of fields) for (const value of VALUES) await send(plain, `{${JSON.stringify(field)}:${value}}`)
    for (const name of query)
      for (const value of ['', '-1', '1e309', 'NaN', 'true', '%00', '[]', '0x10', '9007199254740993'])
        await send(`${plain}?${name}=${value}`, undefined)
    if (method === 'POST' || method === 'PATCH') for (const body of BODIES) await send(plain, body)
    if (path !== plain)
      for (const name of NAMES)
        await send(path.replace(/\{\w+\}/g, name), method === 'GET' || method === 'DELETE' ? undefined : '{}')
  }

  test('ends the server or is its fault, in any field', async () => {
    const { pid } = server.child
    const waiting = operations.filter(({ path }) => !LIMITING.test(path))
    const worker = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
        await fuzz(next, await createToken(server, { policies: ['root'] }))
    }
    await Promise.all(Array.from({ length: 8 }, worker))
    assert.ok(operations.length > 100 && sent > 3000, `${operations.length} operations, ${sent} requests`)
    assert.ok((statuses.get(400) ?? 0) > 1000, 'most of it was refused for what it is')
    assert.equal(server.child.pid, pid)
    assert.equal(server.child.exitCode, null)
    assert.equal(at((await server.call('GET', 'sys/health')).json, 'sealed'), false)
    assert.doesNotMatch(server.output, /exception reached the top|nobody noticed|Warning/)
  })

  test('or several of them at once, in headers, query and body', async () => {
    const random = series(99)
    const pick = <T>(list: readonly T[]): T => {
      const found = list[Math.floor(random() * list.length)]
      if (found === undefined) throw new Error('nothing to pick from')
      return found
    }
    const fields = [...new Set(operations.flatMap((operation) => operation.fields))]
    const token = await createToken(server, { policies: ['root'] })
    const spared = operations.filter(
      ({ path }) => !LIMITING.test(path) && !/revoke|sys\/(mounts|auth|raw|remount|policy|policies)/.test(path),
    )
    const shoot = async (): Promise<void> => {
      const { path, method } = pick(spared)
      const body = `{${Array.from({ length: 4 }, () => `${JSON.stringify(pick(fields))}:${pick(VALUES)}`).join(',')}}`
      const target = `/v1${path.replace(/\{\w+\}/g, () => pick(NAMES))}${random() < 0.3 ? `?${encodeURIComponent(pick(fields))}=${encodeURIComponent(pick(VALUES).slice(0, 50))}&list=${pick(['true', 'x', '0'])}` : ''}`
      const headers = {
        'Content-Type': pick(['application/json', 'application/merge-patch+json', 'text/plain']),
        ...(random() < 0.2 ? { 'X-Vault-Wrap-TTL': pick(['5', '0', '-1', '1e9', 'x', '9999999999h']) } : {}),
      }
      const answer = await request(
        server.address,
        random() < 0.2 ? pick(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'LIST', 'SCAN', 'HEAD']) : method,
        target,
        { token, headers, bytes: body },
      )
      assertCivil(answer, `${method} ${target} ${body.slice(0, 300)}`)
    }
    for (let i = 0; i < 250; i++) await Promise.all(Array.from({ length: 8 }, shoot))
    assert.equal((await server.call('GET', 'sys/health')).status, 200)
  })

  test('nor in what limits requests', async () => {
    const before = sent
    for (const operation of operations) if (LIMITING.test(operation.path)) await fuzz(operation, server.token)
    assert.ok(sent > before + 200, `${sent - before} requests`)
    // Which paths are exempt was among what was tried.
    assert.ok([200, 429].includes((await server.call('GET', 'sys/health')).status))
    assert.equal(server.child.exitCode, null)
  })
})

/** Not our fault, and said as errors are said. */
function assertCivil({ status, text }: Answer, what: string): void {
  assert.ok(status < 500, `${what}: ${status} ${text.slice(0, 300)}`)
  assert.ok(!/\.ts:\d|at \w+ \(|TypeError|RangeError|undefined is not/.test(text), `${what}: ${text.slice(0, 300)}`)
  // OpenID Connect has a form of its own (RFC 6749, section 5.2).
  const form = what.includes('identity/oidc/provider/')
    ? /^\{"(errors|error|state)":/
    : /^\{"(errors|request_id|data)":/
  if (status >= 400 && text !== '') assert.match(text, form, what)
}

function operationsOf(document: unknown): readonly Operation[] {
  const schemas = at(document, 'components', 'schemas')
  const fieldsOf = (schema: unknown): string[] => {
    const reference = at(schema, '$ref')
    if (typeof reference === 'string') return fieldsOf(at(schemas, reference.split('/').at(-1) ?? ''))
    return Object.keys(Object(at(schema, 'properties')))
  }
  const out: Operation[] = []
  for (const [path, item] of Object.entries(Object(at(document, 'paths')))) {
    for (const method of ['get', 'post', 'patch', 'delete']) {
      const operation = at(item, method)
      if (operation === undefined || LEFT_OUT.has(`${method} ${path}`)) continue
      const content = at(operation, 'requestBody') === undefined ? undefined : at(operation, 'requestBody', 'content')
      const [[type, media] = ['application/json', undefined]] = Object.entries(Object(content))
      const parameters = at(operation, 'parameters')
      const query = (Array.isArray(parameters) ? parameters : [])
        .filter((parameter) => at(parameter, 'in') === 'query')
        .map((parameter) => String(at(parameter, 'name')))
      out.push({
        method: method.toUpperCase(),
        path,
        type,
        fields: media === undefined ? [] : fieldsOf(at(media, 'schema')),
        query,
      })
    }
  }
  return out
}

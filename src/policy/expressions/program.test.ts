import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RawJson } from '../../lib/json/index.ts'
import type { Governed } from '../../request/governing-ports.ts'
import { testCaller } from '../../../test/support/engine.ts'
import { plainListener } from '../../request/wire.ts'
import { Input } from './input.ts'
import { MAX_WORK } from './limits.ts'
import { compileExpression, evaluateProgram, type Evaluated } from './program.ts'

function governed(data: object = {}, more: Partial<Governed> = {}): Governed {
  return {
    request: {
      id: 'r',
      operation: 'update',
      path: 'kv/app/a',
      namespace: { id: 'n1', path: 'team/' },
      clientToken: 'hvs.secret',
      body: new Map(Object.entries(data).map(([name, value]) => [name, new RawJson(JSON.stringify(value))])),
      query: new Map(),
      rawBody: undefined,
      headers: new Map([
        ['x-vault-token', ['hvs.secret']],
        ['x-team', ['red', 'blue']],
      ]),
      wrapTtl: 60,
      wrapFormat: undefined,
      remoteAddress: '10.1.2.3',
      remotePort: 7,
      peerCertificate: undefined,
      listener: plainListener,
      signal: () => AbortSignal.timeout(60_000),
      receivedAt: 0,
    },
    operation: 'create',
    mount: undefined,
    caller: testCaller('bob', {
      policies: ['dev', 'ops'],
      meta: new Map([['team', 'red']]),
      issuedAt: 1_799_999_000_000,
      identity: {
        entity: {
          id: 'e1',
          name: 'Bob',
          metadata: new Map([['rank', '7']]),
          aliases: [
            { id: 'a1', name: 'bob', mountAccessor: 'auth_userpass_1', metadata: new Map(), customMetadata: new Map() },
          ],
        },
        groups: [{ id: 'g1', name: 'managers', namespaceId: 'n1', metadata: new Map() }],
      },
    }),
    approval: undefined,
    override: false,
    ...more,
  }
}

/** `too much data` where it does not even begin. */
function evaluated(text: string, of: Governed = governed()): Evaluated | 'too much data' {
  const program = compileExpression(text)
  const input = new Input(of, { now: 1_800_000_000_000, callerNamespace: { id: 'n1', path: 'team/' } })
  const bindings = input.bindings(program.uses)
  return bindings === undefined ? 'too much data' : evaluateProgram(program, bindings)
}

const holds = (text: string, of?: Governed): boolean => {
  const found = evaluated(text, of)
  return found !== 'too much data' && found.failure === undefined
}
const errorOf = (text: string, of?: Governed) => {
  const found = evaluated(text, of)
  return found === 'too much data' ? found : found.failure?.error
}

describe('an expression', () => {
  it('sees what the documentation says', () => {
    for (const text of [
      'request.path == "kv/app/a" && request.operation == "create"',
      'request["path"].startsWith("kv/")',
      'cidr_contains("10.0.0.0/8", request.connection.remote_addr)',
      '!cidr_contains("10.0.0.0/8", "fe80::1") && !cidr_contains("nonsense", "10.0.0.1")',
      'request.data.n == 7 && request.data.n % 2 == 1 && request.data.f == 1.5',
      'request.data.list.exists(x, x == "b") && !has(request.data.none)',
      'request.headers["x-team"] == "red, blue" && !("x-vault-token" in request.headers)',
      'request.wrapping.ttl_seconds == 60 && !request.policy_override && !request.unauthenticated',
      'request.namespace.path == "team/" && token.namespace.id == "n1"',
      '"ops" in token.policies && token.metadata.team == "red" && token.type == "service"',
      'now - timestamp(token.creation_time) < duration("1h") && now == time.now',
      'now.getFullYear() == 2027 && now.getHours("Europe/Berlin") == 9',
      'identity.entity.metadata.rank == "7" && "managers" in identity.groups.by_name',
      'identity.entity.aliases.all(a, a.mount_accessor.startsWith("auth_userpass"))',
      'request.path.matches("^kv/[a-z]{1,10}/") && request.path.split("/").size() == 3',
      '!has(controlgroup.authorizations)',
      'request.data.big > 9007199254740992.0 || true',
    ])
      assert.equal(holds(text, governed({ n: 7, f: 1.5, list: ['a', 'b'], big: 1e20 })), true, text)
  })

  it('knows nothing of a caller where there is none', () => {
    const stranger = governed({}, { caller: undefined })
    assert.equal(holds('request.unauthenticated && !has(token.entity_id) && !has(identity.entity)', stranger), true)
    assert.equal(errorOf('token.entity_id == ""', stranger), 'could not be evaluated')
  })

  it('names the clause that does not hold, and what is false is false whatever else fails', () => {
    const found = evaluated('request.path != ""\n  && request.data.none == 1\n  && request.operation == "read"')
    assert.ok(found !== 'too much data')
    assert.deepEqual(found.failure, { clause: 3, line: 3, column: 6, error: undefined })
    assert.equal(errorOf('request.path != "" && request.data.none == 1'), 'could not be evaluated')
    assert.equal(errorOf('request.data.v', governed({ v: 'x' })), 'is no condition')
    assert.equal(errorOf('request.data.x ? true : "yes"', governed({ x: false })), 'is no condition')
  })

  it('is refused where it cannot be meant, with what is wrong and where', () => {
    for (const [text, reason] of [
      ['', 'an expression is needed'],
      ['request.pth == "a"', '"request" has no "pth"; did you mean "path"? on line 1, column'],
      ['true &&\n request', '"request" is no value by itself'],
      ['reqest.path == "a"', 'there is no "reqest"; did you mean "request"? on line 1, column 1'],
      ['request.path', 'expected true or false, and this is a text'],
      ['1 + 2', 'expected true or false, and this is a number'],
      ['!request.path', 'expected true or false'],
      ['request.path.startwith("a")', 'there is no function "startwith"; did you mean "startsWith"?'],
      ['contains(request.path, "a")', '"contains" is called on a value'],
      ['request.path.contains()', '"contains" takes 1 argument'],
      ['request.path.matches("(")', 'this is no regular expression'],
      ['request.path.matches(request.data.p)', 'a regular expression is written out'],
      ['request.path.matches("((a{1,10}){1,10}){1,10}")', 'the regular expression is too large'],
      ['now.getHours(request.data.zone) == 1', 'a time zone is written out'],
      ['mfa.methods.duo.valid', 'there is no "mfa"'],
      ['identity.entity.aliases.all(a, a.nme == "x")', '"alias" has no "nme"; did you mean "name"?'],
      ['request.path.all(c, true)', 'expected a list or a map, and this is a text'],
      ['google.protobuf.Any{}', 'there is no type'],
      ['a &&', 'this cannot be read on line 1, column'],
      [`${'('.repeat(13)}true${')'.repeat(13)}`, 'brackets are nested more than 12 deep on line 1, column 13'],
      [`"${'x'.repeat(5000)}" == ""`, 'an expression takes at most 4096 bytes'],
      [Array.from({ length: 200 }, () => 'request.path==""').join('||'), 'the expression is too large'],
    ] as const)
      assert.throws(
        () => compileExpression(text),
        (error: Error) => error.message.includes(reason),
        `${text}: ${reason}`,
      )
  })
})

describe('what an expression may cost', () => {
  const numbers = Array.from({ length: 1900 }, (_, i) => i)
  const texts = Array.from({ length: 300 }, (_, i) => `${'a'.repeat(27)}${i}`)
  const long = 'a'.repeat(30_000)
  const often = (part: string, times: number) => Array.from({ length: times }, () => part).join(' || ')
  const worst: readonly (readonly [text: string, data: object])[] = [
    ['request.data.x.all(a, request.data.x.all(b, request.data.x.all(c, a + b + c >= 0)))', { x: numbers }],
    ['request.data.x.exists(a, a.b == 1 || a.c == 2)', { x: numbers.slice(0, 900) }],
    ['request.data.x.all(a, a in request.data.x)', { x: numbers.slice(0, 900) }],
    ['request.data.x.all(a, request.data == request.data)', { x: numbers.slice(0, 900) }],
    [often('request.data.s.contains(request.data.t)', 20), { s: `${long}c`, t: `${'a'.repeat(15_000)}b` }],
    [`[request.data.s]${'.map(x, x + x)'.repeat(20)} != []`, { s: long }],
    ['request.data.x.map(a, [a, a]).all(q, q[0] >= 0)', { x: numbers.slice(0, 700) }],
    [`[1]${'.map(x, [x, x, x, x])'.repeat(20)}.all(y, true)`, {}],
    ['request.data.s.matches("(a*)*b(c|d){1,30}x")', { s: long }],
    ['request.data.x.exists(a, a.matches("^(a|aa)+[0-9]{1,9}b$"))', { x: texts }],
    [often('request.data.s.matches("(a{0,20}){0,20}[a-z]")', 30), { s: 'a'.repeat(60) }],
    [often('now.getHours("Europe/Berlin") == 30', 40), {}],
    ['request.data.s.split("").all(x, x == "a")', { s: long }],
    [often('request.data.s.lowerAscii() == "x"', 60), { s: long }],
    [often('size(request.data.s) == 1', 60), { s: long }],
    ['request.data.x.exists(a, cidr_contains("10.0.0.0/8", a))', { x: texts }],
    ['request.data.x.exists(a, timestamp(a) == now)', { x: texts }],
    [
      'request.data.all(k, request.data.all(j, request.data[k] == request.data[j]))',
      Object.fromEntries(texts.map((t) => [t, 1])),
    ],
    [
      'request.data.x.filter(a, true).filter(a, true).map(a, string(a) + "x").exists(a, a == "")',
      { x: numbers.slice(0, 400) },
    ],
    [`${'!'.repeat(500)}(request.data.x == 1)`, { x: 1 }],
  ]

  it('is bounded, whatever is written and sent: less than 50 ms, of which nobody else has anything', () => {
    for (const [text, data] of worst) {
      const of = governed(data)
      const program = compileExpression(text)
      // Time of this process alone, and the least of some: on a busy machine others run meanwhile.
      let least = Number.POSITIVE_INFINITY
      for (let round = 0; round < 5; round++) {
        const bindings = new Input(of, { now: 1_800_000_000_000, callerNamespace: undefined }).bindings(program.uses)
        assert.ok(bindings !== undefined, text)
        const began = process.cpuUsage()
        evaluateProgram(program, bindings)
        const { user, system } = process.cpuUsage(began)
        least = Math.min(least, (user + system) / 1000)
      }
      assert.ok(least < 50, `${least.toFixed(1)} ms: ${text.slice(0, 80)}`)
    }
  })

  it('is the same each time, and what takes too much denies even where it would have come to true', () => {
    const of = governed({ x: numbers })
    const text = 'request.data.x.all(a, request.data.x.all(b, true)) || true'
    const first = evaluated(text, of)
    assert.deepEqual(evaluated(text, of), first)
    assert.ok(first !== 'too much data' && first.work > MAX_WORK)
    assert.equal(first.failure?.error, 'takes too much work')
  })

  it('is nothing for what one writes', () => {
    const found = evaluated(
      'identity.entity.aliases.exists(a, a.name == "bob") && token.policies.all(p, p in ["dev", "ops", "default"])',
    )
    assert.ok(found !== 'too much data' && found.failure === undefined && found.work < 200, JSON.stringify(found))
  })

  it('does not begin on more data than may be looked at, and does not mind data that is not looked at', () => {
    const deep = JSON.parse(`${'['.repeat(30)}${']'.repeat(30)}`) as object
    for (const data of [{ x: 'a'.repeat(70_000) }, { x: Array.from({ length: 3000 }, () => 1) }, { x: deep }]) {
      assert.equal(evaluated('has(request.data.x)', governed(data)), 'too much data')
      assert.equal(holds('request.path == "kv/app/a"', governed(data)), true)
    }
  })
})

/** Configuration as code against a real server: whatever is declared, however it is spelt, planning after applying finds nothing. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { startServer, type TestServer } from '../support/server.ts'
import { invoke, type Outcome } from './cli/transcript.ts'

let server: TestServer
const folder = mkdtempSync(join(tmpdir(), 'coffer-as-code-'))

before(async () => {
  server = await startServer({
    storage: 'inmem',
    config: 'unsafe_allow_api_audit_creation = true',
  })
})
after(async () => {
  await server[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

function coffer(args: readonly string[], stdin = ''): Promise<Outcome> {
  const env = { VAULT_TOKEN: server.token, PASSWORD: 'from-the-environment' }
  return invoke(args, stdin, { address: server.address, home: folder, env })
}

function declare(text: string): string {
  const file = join(folder, 'declared.hcl')
  writeFileSync(file, text)
  return file
}

async function noChanges(file: string, of: string): Promise<void> {
  const plan = await coffer(['plan', '-f', file, '-detailed-exitcode'])
  assert.equal(plan.code, 0, `${of}\n${plan.stdout}\n${plan.stderr}\n${readFileSync(file, 'utf8')}`)
  assert.match(plan.stdout, /^No changes\.$/m)
}

/** Ways to write one value; any of them means the same. */
type Spellings = readonly string[]

test('quotas: made, changed, found unchanged, exported and removed', async () => {
  const file = declare(`
    quota "everything" { rate = 100000 }
    quota "logins" {
      path = "/auth/token/"
      rate = 5000
      interval = "1m"
      block_interval = "5m"
      group_by = "entity_then_ip"
      secondary_rate = 2500
    }
    quota "tokens" {
      type = "lease-count"
      path = "auth/token"
      max_leases = 5000
    }
  `)
  const applied = await coffer(['apply', '-f', file, '-auto-approve'])
  assert.equal(applied.code, 0, applied.stderr)
  await noChanges(file, 'quotas')
  const exported = await coffer(['export', '-kind=quota'])
  assert.match(exported.stdout, /quota "tokens" \{[^}]*max_leases\s+= 5000/)
  assert.match(exported.stdout, /quota "logins" \{[^}]*group_by\s+= "entity_then_ip"/)
  writeFileSync(file, exported.stdout)
  await noChanges(file, 'as exported')
  declare('quota "tokens" {\n  type = "lease-count"\n  path = "auth/token/"\n  max_leases = 6000\n}')
  const changed = await coffer(['apply', '-f', file, '-auto-approve', '-prune'])
  assert.equal(changed.code, 0, changed.stderr)
  const read = await server.call('GET', 'sys/quotas/lease-count/tokens')
  assert.match(read.text, /"max_leases":6000/)
  assert.equal((await server.call('LIST', 'sys/quotas/rate-limit')).status, 404)
})

const seconds = fc
  .integer({ min: 0, max: 48 })
  .map((hours): Spellings => [`"${hours}h"`, String(hours * 3600), `"${hours * 3600}s"`, `"${hours * 60}m"`])
const names = fc
  .uniqueArray(fc.constantFrom('alpha', 'beta', 'gamma', 'delta'), { maxLength: 3 })
  .map((list): Spellings => [
    JSON.stringify(list),
    JSON.stringify(list.toReversed()),
    JSON.stringify([...list, ...list.slice(0, 1)]),
    JSON.stringify(list.join(',')),
    JSON.stringify(list.map((name) => name.toUpperCase())),
  ])
const cidrs = fc
  .uniqueArray(fc.constantFrom('10.0.0.0/8', '192.168.1.0/24', '::1/128'), { maxLength: 2 })
  .map((list): Spellings => [JSON.stringify(list), JSON.stringify(list.toReversed()), JSON.stringify(list.join(','))])
const flags = fc.boolean().map((flag): Spellings => [String(flag), `"${flag}"`])
const whole = fc.integer({ min: 0, max: 50 }).map((count): Spellings => [String(count), `"${count}"`])
const word = fc
  .oneof(
    fc.constantFrom('', 'a', 'with "quotes" and \\', '${x} #', 'é😀'),
    fc.string({ unit: 'grapheme', maxLength: 12 }),
  )
  .filter((text) => !/\p{Cc}/u.test(text) && text.trim() === text)
  .map((text): Spellings => [hclString(text)])
const labels = fc
  .dictionary(
    fc.constantFrom('team', 'owner', 'x-y'),
    fc.oneof(fc.constantFrom('shop', 'b c'), fc.integer({ min: 0, max: 9 })),
    { maxKeys: 2 },
  )
  .map((map): Spellings => {
    const text = (pairs: [string, string | number][]): string =>
      `{ ${pairs.map(([key, value]) => `"${key}" = ${JSON.stringify(value)}`).join('\n')} }`
    const strings = Object.entries(map).map(([key, value]): [string, string] => [key, String(value)])
    return [text(Object.entries(map)), text(Object.entries(map).toReversed()), text(strings)]
  })

function hclString(text: string): string {
  return JSON.stringify(text)
    .replaceAll('${', '\\x24{')
    .replaceAll(/[\u2028\u2029\ud800-\udfff]/g, (c) => c)
}

type Table = Readonly<Record<string, fc.Arbitrary<Spellings>>>
type Block = readonly (readonly [string, Spellings])[]

/** Some of the fields of a table. */
function block(table: Table): fc.Arbitrary<Block> {
  const options = Object.entries(table).map(([name, values]) =>
    fc.option(values.map((spellings) => [name, spellings] as const)),
  )
  return fc.tuple(...options).map((fields) => fields.filter((field) => field !== null))
}

const tokens = {
  token_policies: names,
  token_ttl: fc.constant<Spellings>(['"1h"', '3600']),
  token_max_ttl: fc.constant<Spellings>(['"50h"', '180000']),
  token_bound_cidrs: cidrs,
  token_num_uses: whole,
  token_no_default_policy: flags,
}
const mountConfig = {
  'config.default_lease_ttl': seconds,
  'config.max_lease_ttl': fc.constant<Spellings>(['"100h"', '360000']),
  'config.audit_non_hmac_request_keys': names.map((spellings) => spellings.slice(0, 4)),
  'config.listing_visibility': fc.constantFrom<Spellings>(['"unauth"'], ['"hidden"']),
}
const rules = fc.constantFrom<Spellings>(
  [
    '<<EOT\npath "a/*" {\n  capabilities = ["read"]\n}\nEOT\n',
    '"path \\"a/*\\" {\\n  capabilities = [\\"read\\"]\\n}"',
  ],
  ['"path \\"b\\" { capabilities = [\\"deny\\"] }"'],
)

const one = (name: string, fields: fc.Arbitrary<Block>, more: Block = []): fc.Arbitrary<readonly [string, Block]> =>
  fields.map((given) => [name, [...more, ...given]] as const)
const is = (name: string, text: string): Block => [[name, [text]]]

const configuration = fc
  .tuple(
    one(
      'mount "kv-a"',
      block({
        description: word,
        options: fc.constant<Spellings>(['{ version = 2 }', '{ version = "2" }']),
        ...mountConfig,
      }),
      is('type', '"kv"'),
    ),
    one('mount "team/crypt"', block({ description: word, ...mountConfig }), is('type', '"transit"')),
    one('mount "db"', block({ description: word }), is('type', '"database"')),
    one('auth "corp"', block({ description: word, ...mountConfig }), is('type', '"userpass"')),
    one('auth "team/roles"', block(mountConfig), is('type', '"approle"')),
    one('policy "app-ro"', fc.constant([]), []).chain(([name]) =>
      rules.map((text) => [name, [['policy', text]] as Block] as const),
    ),
    one('role "corp/alice"', block(tokens), is('password', 'env("PASSWORD")')),
    one('role "corp/bob"', block(tokens), is('password', 'env("PASSWORD")')),
    one(
      'role "team/roles/ci"',
      block({
        ...tokens,
        secret_id_ttl: seconds,
        secret_id_num_uses: whole,
        bind_secret_id: fc.constant<Spellings>(['true', '"true"']),
        secret_id_bound_cidrs: cidrs,
      }),
    ),
    one(
      'role "token/ci"',
      block({
        allowed_policies: names,
        disallowed_policies_glob: names,
        orphan: flags,
        renewable: flags,
        token_period: seconds,
        token_explicit_max_ttl: seconds,
      }),
    ),
    one(
      'role "team/crypt/orders"',
      block({
        auto_rotate_period: seconds,
        deletion_allowed: fc.constant<Spellings>(['true']),
        min_decryption_version: fc.constant<Spellings>(['1', '"1"']),
      }),
    ),
    one(
      'role "db/app"',
      block({
        creation_statements: fc.constantFrom<Spellings>(['"CREATE"', '["CREATE"]'], ['["B", "A"]']),
        default_ttl: fc.constant<Spellings>(['"1h"', '3600']),
        max_ttl: fc.constant<Spellings>(['"24h"', '86400']),
      }),
      is('db_name', '"main"'),
    ),
    one('entity "alice"', block({ policies: names, metadata: labels, disabled: flags })),
    one('entity "bob b"', block({ policies: names, metadata: labels })),
    one(
      'group "shop"',
      block({
        policies: names,
        metadata: labels,
        members: fc.constantFrom<Spellings>(
          ['["alice"]', '"alice"'],
          ['["bob b", "alice"]', '["alice", "bob b"]'],
          ['[]'],
        ),
      }),
    ),
    one('group "all"', block({ member_groups: fc.constant<Spellings>(['["shop"]']) })),
    one('alias "corp/alice"', block({ custom_metadata: labels }), is('entity', '"alice"')),
    one(
      'quota "burst"',
      block({
        interval: fc.constantFrom<Spellings>(['"1m"', '60', '"60s"'], ['1', '"1s"']),
        block_interval: seconds,
        group_by: fc.constantFrom<Spellings>(['"ip"'], ['"none"']),
      }),
      [...is('path', '"kv-a"'), ['rate', ['1000000', '1e6', '"1000000"']]],
    ),
    one('quota "leases"', block({ path: fc.constant<Spellings>(['"team/crypt"', '"team/crypt/"']) }), [
      ...is('type', '"lease-count"'),
      ...is('max_leases', '100000'),
    ]),
    one(
      'policy "hours"',
      block({ enforcement_level: fc.constantFrom<Spellings>(['"advisory"'], ['"hard-mandatory"']) }),
      [
        ...is('type', '"egp"'),
        ...is('policy', '"request.path != \\"nowhere\\""'),
        ['paths', ['["b/*", "a/*"]', '["a/*", "b/*"]']],
      ],
    ),
    one('namespace "team-a"', block({ custom_metadata: labels })),
    one('audit "second"', fc.constant(is('description', '"for the auditors"')), [
      ...is('type', '"file"'),
      ...is('options', `{ file_path = "${join(folder, 'audit.log')}" }`),
    ]),
    one(
      'password_policy "strong"',
      fc.constant(is('policy', '<<EOT\nlength = 20\nrule "charset" { charset = "abcdef" }\nEOT\n')),
    ),
  )
  .chain((all) => {
    // What others rely on is always there.
    const optional = all.filter(([name]) =>
      /^(role|policy|password_policy|alias|namespace|audit|quota|auth "team|group "all)/.test(name),
    )
    return fc.subarray(optional).map((kept) => {
      const names = new Set(kept.map(([name]) => name))
      const approle = names.has('auth "team/roles"')
      return all.filter(
        (each) => (!optional.includes(each) || names.has(each[0])) && (approle || each[0] !== 'role "team/roles/ci"'),
      )
    })
  })

/** `pick` chooses among spellings. */
function written(blocks: readonly (readonly [string, Block])[], pick: number): string {
  return blocks
    .map(([name, fields]) => {
      const value = (spellings: Spellings): string => spellings[pick % spellings.length] ?? ''
      const line = ([field, spellings]: Block[number]): string =>
        `  ${field.replace('config.', '')} = ${value(spellings)}`
      const config = fields.filter(([field]) => field.startsWith('config.'))
      const rest = fields.filter(([field]) => !field.startsWith('config.'))
      const nested = config.length === 0 ? [] : ['  config {', ...config.map(line), '  }']
      return `${name} {\n${[...rest.map(line), ...nested].join('\n')}\n}\n`
    })
    .join('\n')
}

test('whatever is declared and however it is spelt, planning after applying, and after exporting, finds nothing', async () => {
  await fc.assert(
    fc.asyncProperty(configuration, fc.nat({ max: 60 }), fc.nat({ max: 60 }), async (blocks, pick, other) => {
      const file = declare(written(blocks, pick))
      const applied = await coffer(['apply', '-f', file, '-auto-approve', '-prune'])
      assert.equal(applied.code, 0, `${applied.stdout}\n${applied.stderr}\n${readFileSync(file, 'utf8')}`)
      await noChanges(file, 'as it was written')
      await noChanges(declare(written(blocks, other)), 'as it may be written as well')
      const exported = join(folder, 'exported.hcl')
      assert.equal((await coffer(['export', '-f', exported, '-force'])).code, 0)
      await noChanges(exported, 'as it was exported')
    }),
    {
      numRuns: Number(process.env['COFFER_AS_CODE_RUNS'] ?? 8),
      interruptAfterTimeLimit: 120_000,
      markInterruptAsFailure: false,
    },
  )
})

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { CofferError } from '../../errors/coffer-error.ts'
import { parseConnectionUrl } from './postgres-url.ts'

const partsOf = (url: string) => {
  const { host, port, user, password, database } = parseConnectionUrl(url).config
  return [host, port, user, password, database]
}

it('reads a URL as libpq does', () => {
  for (const [url, parts] of [
    ['postgres://u:p@db.example:6543/store', ['db.example', 6543, 'u', 'p', 'store']],
    ['postgresql://u@db.example/store', ['db.example', 5432, 'u', undefined, 'store']],
    ['postgres://u:p%40%2F%3A%3F@[::1]/a%20b', ['::1', 5432, 'u', 'p@/:?', 'a b']],
    ['postgres://u:p@/store?host=/run/postgresql&port=6000', ['/run/postgresql', 6000, 'u', 'p', 'store']],
    ['postgres://%2Frun%2Fpostgresql/store', ['/run/postgresql', 5432, undefined, undefined, 'store']],
    ['postgres:///store', ['localhost', 5432, undefined, undefined, 'store']],
    ['postgres://db?user=u&password=p%26&dbname=d', ['db', 5432, 'u', 'p&', 'd']],
  ] as const) {
    assert.deepEqual(partsOf(url), parts, url)
  }
  assert.equal(
    parseConnectionUrl('postgres://db/x?search_path=a b&options=-c geqo%3Doff').config.options,
    '-c geqo=off -c search_path=a\\ b',
  )
  assert.equal(parseConnectionUrl('postgres://db/x?connect_timeout=3').config.connectionTimeoutMillis, 3000)
})

it('refuses what it would have to pass over, and repeats nothing of it', () => {
  for (const url of [
    '',
    'host=canary user=canary',
    'mysql://u:canary@db/x',
    'postgres://u:canary@db:port/x',
    'postgres://u:canary@db:0/x?port=70000',
    'postgres://u:canary#@db/x',
    'postgres://u:canary%@db/x',
    'postgres://u:canary@a,b/x',
    'postgres://u:canary@db/x?host=a,b',
    'postgres://u:canary@db/x?ssl_mode=verify-full',
    'postgres://u:canary@db/x?sslmode=no-verify',
    'postgres://u:canary@db/x?sslmode=verify-ca',
    'postgres://u:canary@db/x?sslmode=require&sslrootcert=/absent/file',
    'postgres://u:canary@db/x?connect_timeout=canary',
  ]) {
    assert.throws(
      () => parseConnectionUrl(url),
      (error) =>
        error instanceof CofferError && error.code === 'STORAGE_CANNOT_OPEN' && !String(error).includes('canary'),
      url,
    )
  }
})

it('knows when nothing is to be encrypted', () => {
  const tlsOf = (url: string) => parseConnectionUrl(url).tls
  assert.equal(tlsOf('postgres://db/x?sslmode=disable'), 'off')
  assert.equal(tlsOf('postgres://db/x'), 'prefer')
  // Whatever was asked for: a socket of the machine has no TLS.
  for (const mode of ['prefer', 'require', 'verify-full'])
    assert.equal(tlsOf(`postgres:///x?host=/run&sslmode=${mode}`), 'off')
  const full = tlsOf('postgres://db/x?sslmode=verify-full')
  assert.ok(typeof full === 'object' && full.rejectUnauthorized === true && full.checkServerIdentity !== undefined)
})

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { CofferError } from '../../errors/coffer-error.ts'
import { startPostgres, type TestPostgres, withoutPostgres } from '../../../test/support/postgres.ts'
import { openPostgres } from './postgres.ts'

const file = (name: string) => fileURLToPath(new URL(`../../../test/support/tls/${name}`, import.meta.url))
const distrusts = (code: RegExp) => (error: unknown) =>
  error instanceof CofferError &&
  error.code === 'STORAGE_UNAVAILABLE' &&
  error.cause instanceof Error &&
  'code' in error.cause &&
  code.test(String(error.cause.code))

const CA = `sslrootcert=${file('ca.pem')}`
const skip = withoutPostgres()
let tables = 0

if (skip !== false) it('PostgreSQL over TLS', { skip }, () => {})
else {
  let secure: TestPostgres
  let named: TestPostgres
  let plain: TestPostgres
  before(async () => {
    ;[secure, named, plain] = await Promise.all([
      startPostgres({ tls: { cert: file('server.pem'), key: file('server.key') } }),
      startPostgres({ tls: { cert: file('named.pem'), key: file('named.key') } }),
      startPostgres(),
    ])
  })
  after(() => Promise.all([secure, named, plain].map((server) => server[Symbol.asyncDispose]())))

  /** Whether every one of the driver's connections is encrypted. */
  async function encrypted(server: TestPostgres, parameters: string, host?: string): Promise<boolean> {
    const name = `node_${tables++}`
    const driver = await openPostgres({
      connectionUrl: server.url(`application_name=${name}&${parameters}`, host),
      table: 'tls',
      haEnabled: true,
      timing: { timeout: 3000 },
    })
    try {
      await driver.snapshot()
      await driver.election?.leader()
      const rows = await server.sql(
        'SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = $1',
        [name],
      )
      assert.ok(rows.length > 0)
      assert.equal(new Set(rows.map(({ ssl }) => ssl)).size, 1)
      return rows[0]?.ssl === true
    } finally {
      await driver.close()
    }
  }

  describe('PostgreSQL over TLS', () => {
    it('encrypts as sslmode says', async () => {
      assert.equal(await encrypted(secure, 'sslmode=disable'), false)
      for (const mode of ['allow', 'prefer', 'require'])
        assert.equal(await encrypted(secure, `sslmode=${mode}`), true, mode)
      assert.equal(await encrypted(secure, ''), true)
      assert.equal(await encrypted(plain, 'sslmode=prefer'), false)
      assert.equal(await encrypted(plain, ''), false)
      assert.equal(await encrypted(secure, `sslmode=verify-ca&${CA}`), true)
      assert.equal(await encrypted(secure, `sslmode=verify-full&${CA}`), true)
      assert.equal(await encrypted(secure, `sslmode=verify-full&${CA}`, 'localhost'), true)
      assert.equal(
        await encrypted(secure, `sslmode=require&sslcert=${file('client.pem')}&sslkey=${file('client.key')}`),
        true,
      )
    })

    it('connects to nobody in the clear who was to be encrypted', async () => {
      for (const mode of ['require', `verify-ca&${CA}`, `verify-full&${CA}`]) {
        await assert.rejects(encrypted(plain, `sslmode=${mode}`), unavailable, mode)
      }
    })

    it('connects to no server whose certificate is not of the authority named', async () => {
      assert.equal(await encrypted(named, 'sslmode=require'), true)
      // As libpq: with an authority at hand it is asked.
      for (const mode of ['require', 'verify-ca', 'verify-full']) {
        await assert.rejects(
          encrypted(named, `sslmode=${mode}&${CA}`),
          distrusts(/SELF_SIGNED|UNABLE_TO_VERIFY|ISSUER/),
          mode,
        )
      }
      // Without one, those that everybody trusts.
      for (const authority of ['', '&sslrootcert=system']) {
        const self = distrusts(/SELF_SIGNED|UNABLE_TO_VERIFY|ISSUER/)
        await assert.rejects(encrypted(secure, `sslmode=verify-full${authority}`), self)
      }
    })

    it('with verify-full connects to no server of another name', async () => {
      const authority = `sslrootcert=${file('named.pem')}`
      assert.equal(await encrypted(named, `sslmode=verify-ca&${authority}`), true)
      for (const host of ['127.0.0.1', 'localhost']) {
        const elsewhere = encrypted(named, `sslmode=verify-full&${authority}`, host)
        await assert.rejects(elsewhere, distrusts(/^ERR_TLS_CERT_ALTNAME_INVALID$/))
      }
    })
  })
}

function unavailable(error: unknown): boolean {
  return error instanceof CofferError && error.code === 'STORAGE_UNAVAILABLE'
}

import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TLSSocket } from 'node:tls'
import { after, before, test } from 'node:test'
import { httpFlags } from '../flags/global.ts'
import { parseFlags } from '../flags/parse.ts'
import { stringOf } from '../tree.ts'
import { Client } from './client.ts'
import { clientSettings } from './settings.ts'
import type { HttpValues } from './settings.ts'
import { httpTransport } from './transport.ts'

const folder = mkdtempSync(join(tmpdir(), 'coffer-tls-'))
const fixtures = join(import.meta.dirname, '../../../test/support/tls')
const key = join(fixtures, 'named.key')
const cert = join(fixtures, 'named.pem')
let address = ''
let close = (): void => {}

before(async () => {
  copyFileSync(cert, join(folder, 'authority.pem'))
  const options = {
    key: readFileSync(key),
    cert: readFileSync(cert),
    ca: readFileSync(cert),
    requestCert: true,
    rejectUnauthorized: false,
  }
  const server = createServer(options, ({ socket }, reply) => {
    reply.end(JSON.stringify({ data: { client: String(socket instanceof TLSSocket && socket.authorized) } }))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const bound = server.address()
  assert.ok(bound !== null && typeof bound === 'object')
  address = `https://127.0.0.1:${bound.port}`
  close = () => {
    server.closeAllConnections()
    server.close()
  }
})

after(() => {
  close()
  rmSync(folder, { recursive: true })
})

async function ask(...args: string[]): Promise<string | undefined> {
  const parsed = parseFlags(httpFlags, [`-address=${address}`, ...args], () => undefined)
  const settings = clientSettings(Object.fromEntries(parsed.values) as unknown as HttpValues, {})
  const client = new Client({ settings, transport: httpTransport(settings), token: '', sleep: async () => {} })
  try {
    return stringOf((await client.read('x'))?.data?.get('client'))
  } finally {
    client.close()
  }
}

test('a certificate of unknown origin is refused, with what to do', async () => {
  await assert.rejects(
    ask('-tls-server-name=coffer.example'),
    /failed to verify certificate: self-signed certificate\n\nName the CA/,
  )
})

test('a certificate is taken from the CA that was named, for the name that was asked for', async () => {
  assert.equal(await ask(`-ca-cert=${cert}`, '-tls-server-name=coffer.example'), 'false')
  assert.equal(await ask(`-ca-path=${folder}`, '-tls-server-name=coffer.example'), 'false')
  await assert.rejects(ask(`-ca-cert=${cert}`), /failed to verify certificate.*altnames/)
  await assert.rejects(ask(`-ca-cert=${cert}`, '-tls-server-name=other.example'), /failed to verify certificate/)
})

test('verification can be switched off', async () => {
  assert.equal(await ask('-tls-skip-verify'), 'false')
})

test('a client certificate is presented', async () => {
  assert.equal(await ask('-tls-skip-verify', `-client-cert=${cert}`, `-client-key=${key}`), 'true')
  await assert.rejects(ask(`-client-cert=${cert}`), /go together/)
})

test('files that are not there are named', async () => {
  await assert.rejects(ask('-ca-cert=/no/such.pem'), /Error loading \/no\/such\.pem/)
  await assert.rejects(ask('-ca-path=/no/such'), /Error loading CA certificates from \/no\/such/)
})

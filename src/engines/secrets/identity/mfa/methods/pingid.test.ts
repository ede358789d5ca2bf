import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pingSettings } from '../../../../../../test/support/mfa-services.ts'
import { isHost } from './host.ts'
import { readSettings } from './pingid.ts'

const encode = (text: string) => Buffer.from(text).toString('base64')

test('a settings file is read as PingID writes it', () => {
  assert.deepEqual(readSettings(pingSettings()), {
    use_base64_key: Buffer.alloc(32, 'k').toString('base64'),
    use_signature: true,
    token: 'ping-token',
    idp_url: 'https://idpxnyl3m.pingidentity.com/pingid',
    org_alias: 'ping-org',
    admin_url: 'https://idpxnyl3m.pingidentity.com/pingid',
    authenticator_url: 'https://authenticator.pingone.com/pingid/ppm',
  })
})

test('what is none is refused, and its values are not repeated', () => {
  const secret = 'sEcReT'
  const bad = ['!!', '', encode(secret), encode(`${secret}=1`), encode(`use_signature=${secret}`), encode('token=t')]
  const plain = encode(`use_base64_key=${secret}\ntoken=t\norg_alias=o\nidp_url=http://idp.example/pingid`)
  for (const file of [...bad, plain]) {
    assert.throws(
      () => readSettings(file),
      (error: unknown) => error instanceof Error && !error.message.includes(secret),
      file,
    )
  }
})

test('a host is a name and no more', () => {
  for (const good of ['api-1a2b3c4d.duosecurity.com', 'acme', 'localhost:8443']) assert.ok(isHost(good), good)
  for (const bad of [
    '',
    'a/b',
    'a?b',
    'a#b',
    'u@h',
    'h:x',
    'h:1:2',
    ' h',
    'h\n',
    '[::1]',
    '-a',
    'a.',
    'é',
    'https://a',
  ])
    assert.ok(!isHost(bad), bad)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasPassword, withoutPassword } from './replies.ts'

test('no password of a connection string is shown', () => {
  for (const [url, shown] of [
    ['postgres://u:pw@h:5432/x?a=b@c', 'postgres://u:xxxxx@h:5432/x?a=b@c'],
    ['postgres://u:p@w:x@h/x', 'postgres://u:xxxxx@h/x'],
    ['redis://:pw@h', 'redis://:xxxxx@h'],
    ['u:p@w/x?@tcp(h:1)/db?tls=true', 'u:xxxxx@tcp(h:1)/db?tls=true'],
    ['u:pw@/db', 'u:xxxxx@/db'],
    ['u:pw@unix(/run/x)/', 'u:xxxxx@unix(/run/x)/'],
    ['host=h password=pw user=u', 'host=h password=xxxxx user=u'],
    [`password = 'p \\' w' host=h`, 'password = xxxxx host=h'],
    ['postgres://h/x?user=u&password=pw&sslmode=disable', 'postgres://h/x?user=u&password=xxxxx&sslmode=disable'],
  ] as const) {
    assert.equal(withoutPassword(url), shown)
    assert.ok(hasPassword(url))
  }
})

test('where there is none, nothing is changed', () => {
  for (const url of [
    'postgres://{{username}}:{{password}}@h:5432/x',
    '{{username}}:{{password}}@tcp(h:1)/',
    'host=h user={{username}} password={{password}}',
    'postgres://h:5432/x?user=a@b',
    'postgres://u@h/x',
    '',
  ])
    assert.equal(withoutPassword(url), url)
})

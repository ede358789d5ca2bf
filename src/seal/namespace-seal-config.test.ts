import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CofferError } from '../errors/coffer-error.ts'
import { parseNamespaceSeal } from './namespace-seal-config.ts'

test('reads one stanza, in HCL or JSON, with numbers or what looks like them', () => {
  for (const text of [
    'seal "shamir" {\n shares = 5\n threshold = 3\n}',
    'seal "shamir" { shares = "5" threshold = "3" }',
    '{"seal":{"shamir":{"shares":5,"threshold":3}}}',
    '{"seal":[{"shamir":[{"shares":"5","threshold":"3"}]}]}',
  ])
    assert.deepEqual(parseNamespaceSeal(text), { shares: 5, threshold: 3 }, text)
  assert.deepEqual(parseNamespaceSeal('seal "shamir" {}'), { shares: 0, threshold: 0 })
})

test('refuses all else', () => {
  for (const [text, sentence] of [
    ['', 'seal config must contain exactly one seal stanza'],
    ['seal = 1', 'seal config must contain exactly one seal stanza'],
    ['seal {}', 'seal config must contain exactly one seal stanza'],
    ['seal "shamir" {}\nseal "shamir" {}', 'seal config must contain exactly one seal stanza'],
    ['seal "transit" {}', 'namespaces currently only support shamir seals'],
    ['seal "shamir" { shares = 1.5 }', 'value of shares parameter must be integer'],
    ['seal "shamir" { threshold = -1.5 }', 'value of threshold parameter must be integer'],
    ['seal "shamir" { threshold = true }', 'value of threshold parameter must be integer'],
    ['seal "shamir" {', /^unable to parse seal config: /],
  ] as const)
    assert.throws(
      () => parseNamespaceSeal(text),
      (error) =>
        error instanceof CofferError &&
        error.code === 'NAMESPACE_SEAL_CONFIG' &&
        (typeof sentence === 'string' ? error.message === sentence : sentence.test(error.message)),
      text,
    )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ExemptPaths } from './exempt-paths.ts'
import { initialConfig } from './rule.ts'

const root = { id: 'root', path: '' }
const team = { id: 'T', path: 'team/' }

test('exempt paths: those of Vault, in every namespace', () => {
  const exempt = new ExemptPaths(initialConfig)
  for (const path of ['sys/health', 'sys/seal-status', 'sys/unseal', 'sys/generate-root/attempt']) {
    assert.equal(exempt.has(root, path), true, path)
    assert.equal(exempt.has(team, path), true, path)
  }
  assert.equal(exempt.has(root, 'sys/mounts'), false)
  assert.equal(exempt.has(root, 'team/sys/health'), false)
})

test('exempt paths: what begins so, but for what is taken out again; the longest decides', () => {
  const exempt = new ExemptPaths({
    exemptPaths: ['/secret/data/', '!secret/data/app', 'secret/data/app/open'],
    absoluteExemptPaths: [],
  })
  assert.equal(exempt.has(root, 'secret/data/x'), true)
  assert.equal(exempt.has(root, 'secret/data/app/closed'), false)
  assert.equal(exempt.has(root, 'secret/data/app/open'), true)
  assert.equal(exempt.has(root, 'secret/metadata/x'), false)
})

test('exempt paths: absolute ones are of one namespace', () => {
  const exempt = new ExemptPaths({ exemptPaths: [], absoluteExemptPaths: ['team/secret/'] })
  assert.equal(exempt.has(team, 'secret/data/x'), true)
  assert.equal(exempt.has(root, 'secret/data/x'), false)
  assert.equal(exempt.has({ id: 'O', path: 'other/' }, 'secret/data/x'), false)
})

test('exempt paths: an empty one exempts nothing', () => {
  const exempt = new ExemptPaths({ exemptPaths: ['', '/', '!'], absoluteExemptPaths: [''] })
  assert.equal(exempt.has(root, 'sys/health'), false)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testEngine } from '../../../test/support/engine.ts'
import { defineEngine, definePath, done, f } from '../../framework/index.ts'
import type { AuthGrant, AuthInfo } from '../../request/reply.ts'

const grant: AuthGrant = { displayName: 'hidden', policies: ['root'] }
const auth: AuthInfo = {
  clientToken: 'hvs.canary',
  accessor: 'a',
  policies: ['root'],
  tokenPolicies: ['root'],
  identityPolicies: [],
  metadata: undefined,
  leaseDuration: 0,
  renewable: false,
  entityId: '',
  tokenType: 'service',
  orphan: true,
  mfaRequirement: null,
  numUses: 0,
}

test('a secrets engine grants no token, whatever it answers (CVE-2026-46405)', async () => {
  let made = 0
  const replies = {
    'with-grant': { grant },
    'with-auth': { auth },
    'with-both': { grant, auth },
    'with-data': { data: { a: 1 }, auth },
  }
  const paths = Object.entries(replies).map(([template, reply]) =>
    definePath(template, { help: 'Grants.', params: {} })
      .read({ summary: 'Grant.', replies: {}, run: () => reply })
      .write({ summary: 'Grant.', fields: { a: f.string().optional() }, replies: {}, run: () => reply }),
  )
  const fine = definePath('fine', { help: 'Nothing.', params: {} }).write({
    summary: 'Nothing.',
    replies: {},
    run: () => done(),
  })
  const engine = defineEngine({ type: 'test', kind: 'secret', help: 'A test.', paths: [...paths, fine] })
  await using e = await testEngine(engine, { tokenMade: () => made++ })
  for (const template of Object.keys(replies)) {
    for (const answer of [await e.read(template), await e.write(template)]) {
      assert.equal(answer.status, 500, template)
      assert.ok(!answer.text.includes('canary'))
    }
  }
  assert.equal(made, 0)
  assert.equal((await e.write('fine')).status, 204)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testEngine } from '../../../test/support/engine.ts'
import { badRequest, defineEngine, definePath, done, f } from '../../framework/index.ts'
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
  mfaRequirement: undefined,
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

test('what is prepared is prepared once, before the transaction, however often that is rerun', async () => {
  const seen: string[] = []
  const counted = definePath('counted', { help: 'Counts.', params: {} }).write({
    summary: 'Count.',
    fields: { by: f.int().default(1) },
    replies: {},
    prepare: async (c) => {
      seen.push('prepared')
      c.warn('it was prepared')
      await c.apart.write((view) => view.put('undo', new Uint8Array([1])))
      return { by: c.in.by * 10 }
    },
    run: async (c, { by }) => {
      seen.push(`run by ${by}`)
      assert.equal((await c.view.get('undo'))?.[0], 1)
      await c.view.get('n')
      // What another writes in between makes this transaction conflict.
      if (seen.length === 2) await c.apart.write((view) => view.put('n', new Uint8Array([7])))
      c.view.delete('undo')
      c.view.put('n', new Uint8Array([by]))
      return { data: { by } }
    },
  })
  const refused = definePath('refused', { help: 'Refuses.', params: {} }).write({
    summary: 'Refuse.',
    replies: {},
    prepare: () => badRequest('not so'),
    run: () => assert.fail('it ran'),
  })
  await using e = await testEngine(
    defineEngine({ type: 'test', kind: 'secret', help: 'A test.', paths: [counted, refused] }),
  )
  const answer = await e.write('counted', { by: 2 })
  assert.equal(answer.status, 200, answer.text)
  assert.deepEqual(seen, ['prepared', 'run by 20', 'run by 20'])
  assert.equal(answer.text.match(/it was prepared/g)?.length, 1)
  assert.equal((await e.write('refused')).status, 400)
})

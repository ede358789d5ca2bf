/** A namespace with a seal of its own when the storage gives out: at every commit of its life it is wholly what it was, or what it was to be. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { HOMES } from '../../src/request/namespace-home.ts'
import { until } from '../support/callers.ts'
import { composedServer, type ComposedServer } from '../support/composed.ts'
import { at, listAt, textAt } from '../support/json.ts'
import { makeSealable, sealStatus, unsealNamespace } from '../support/sealable.ts'

const SEAL = 'seal "shamir" {\n  shares = 3\n  threshold = 2\n}'
const inside = { headers: { 'x-vault-namespace': 'a' } }

/** Calls `act` with every commit from the k-th on failing, for each k until nothing fails any more. Returns how many did. */
async function atEveryCommit(
  prepare: (server: ComposedServer) => Promise<void>,
  act: (server: ComposedServer) => Promise<boolean>,
  check: (server: ComposedServer, succeeded: boolean) => Promise<void>,
): Promise<number> {
  for (let k = 1; ; k++) {
    await using server = await composedServer()
    await prepare(server)
    server.driver.plan({ failFromCommit: k })
    const succeeded = await act(server)
    const failed = server.driver.commits >= k
    server.driver.plan({})
    await server.restart()
    await check(server, succeeded)
    if (!failed) return k - 1
  }
}

async function opens(server: ComposedServer, shares: readonly string[]): Promise<void> {
  await unsealNamespace(server, 'a', shares)
  const written = await server.call('POST', 'cubbyhole/x', { value: 'after' }, inside)
  assert.equal(written.status, 204, written.text)
}

describe('at every commit', () => {
  test('making one leaves nothing, or a namespace that its shares open', async () => {
    let shares: readonly string[] = []
    const commits = await atEveryCommit(
      async () => {
        shares = []
      },
      async (server) => {
        const made = await server.call('POST', 'sys/namespaces/a', { seal: SEAL })
        if (made.status === 200) shares = listAt(made.json, 'data', 'key_shares').map(String)
        return made.status === 200
      },
      async (server, succeeded) => {
        const found = await server.call('GET', 'sys/namespaces/a')
        assert.equal(found.status, succeeded ? 200 : 404)
        if (succeeded) return opens(server, shares)
        assert.deepEqual(await server.storedKeys(HOMES), [])
        await opens(server, await makeSealable(server, 'a'))
      },
    )
    assert.ok(commits >= 1, `${commits}`)
  })

  for (const sealedBefore of [false, true])
    test(`unsealing one${sealedBefore ? ' that was sealed' : ''} leaves it sealed or opens it, and its shares count on`, async () => {
      let shares: readonly string[] = []
      const commits = await atEveryCommit(
        async (server) => {
          shares = await makeSealable(server, 'a')
          if (!sealedBefore) return
          await unsealNamespace(server, 'a', shares)
          assert.equal((await server.call('PUT', 'sys/namespaces/a/seal', {})).status, 204)
        },
        async (server) => {
          for (const key of shares.slice(0, 2)) await server.call('PUT', 'sys/namespaces/a/unseal', { key })
          const isOpen = at((await sealStatus(server, 'a')).json, 'data', 'sealed') === false
          const mounts = await server.call('GET', 'sys/mounts', undefined, inside)
          assert.equal(mounts.status, isOpen ? 200 : 503)
          return isOpen
        },
        (server) => opens(server, shares.slice(1)),
      )
      assert.ok(commits >= 1, `${commits}`)
    })

  test('sealing one takes its keys from memory, whether or not that could be written down', async () => {
    let shares: readonly string[] = []
    const commits = await atEveryCommit(
      async (server) => {
        shares = await makeSealable(server, 'a')
        await unsealNamespace(server, 'a', shares)
      },
      async (server) => {
        const answer = await server.call('PUT', 'sys/namespaces/a/seal', {})
        assert.equal((await server.call('GET', 'sys/mounts', undefined, inside)).status, 503)
        assert.equal((await server.call('GET', 'sys/mounts')).status, 200)
        return answer.status === 204
      },
      (server) => opens(server, shares),
    )
    assert.ok(commits >= 2, `${commits}`)
  })

  test('rotating its keyring leaves the one before or the new one', async () => {
    let shares: readonly string[] = []
    await atEveryCommit(
      async (server) => {
        shares = await makeSealable(server, 'a')
        await unsealNamespace(server, 'a', shares)
        await server.call('POST', 'sys/mounts/kv', { type: 'kv' }, inside)
        await server.call('POST', 'kv/x', { value: 1 }, inside)
      },
      async (server) => (await server.call('POST', 'sys/rotate', {}, inside)).status === 204,
      async (server, succeeded) => {
        await opens(server, shares)
        const status = await server.call('GET', 'sys/key-status', undefined, inside)
        assert.equal(at(status.json, 'data', 'term'), succeeded ? 2 : 1)
        assert.equal((await server.call('GET', 'kv/x', undefined, inside)).status, 200)
      },
    )
  })

  test('replacing its shares leaves those before or the new ones, never both, never none', async () => {
    let shares: readonly string[] = []
    let fresh: string | undefined
    await atEveryCommit(
      async (server) => {
        fresh = undefined
        shares = await makeSealable(server, 'a')
        await unsealNamespace(server, 'a', shares)
      },
      async (server) => {
        const begun = await server.call(
          'POST',
          'sys/rotate/root/init',
          { secret_shares: 1, secret_threshold: 1 },
          inside,
        )
        const nonce = textAt(begun.json, 'data', 'nonce')
        for (const key of shares.slice(0, 2)) {
          const step = await server.call('POST', 'sys/rotate/root/update', { key, nonce }, inside)
          if (step.status === 200 && at(step.json, 'data', 'complete') === true)
            fresh = textAt(step.json, 'data', 'keys', 0)
        }
        return fresh !== undefined
      },
      async (server, succeeded) => {
        // Where the storage did not say, both sets were to be kept: one of them opens it, and only one.
        const give = async (keys: readonly string[]) => {
          for (const key of keys) await server.call('PUT', 'sys/namespaces/a/unseal', { key })
          const isOpen = at((await sealStatus(server, 'a')).json, 'data', 'sealed') === false
          if (!isOpen) await server.call('PUT', 'sys/namespaces/a/unseal', { reset: true })
          return isOpen
        }
        const byFresh = fresh !== undefined && (await give([fresh]))
        if (byFresh) assert.equal((await server.call('PUT', 'sys/namespaces/a/seal', {})).status, 204)
        assert.equal(await give(shares.slice(0, 2)), !byFresh)
        assert.ok(succeeded || !byFresh)
      },
    )
  })

  test('deleting one that is sealed is finished after a restart', async () => {
    const commits = await atEveryCommit(
      async (server) => {
        await unsealNamespace(server, 'a', await makeSealable(server, 'a'))
        await unsealNamespace(server, 'a/b', await makeSealable(server, 'a/b'))
        assert.equal((await server.call('PUT', 'sys/namespaces/a/seal', {})).status, 204)
      },
      async (server) => {
        const answer = await server.call('DELETE', 'sys/namespaces/a/delete-sealed?force=true')
        return answer.status < 300
      },
      async (server) => {
        await until('its end, or its being as it was', async () => {
          const found = await server.call('GET', 'sys/namespaces/a')
          return found.status === 404 || at(found.json, 'data', 'tainted') === false ? true : undefined
        })
        const left = await server.storedKeys(HOMES)
        const isThere = (await server.call('GET', 'sys/namespaces/a')).status === 200
        assert.equal(left.length > 0, isThere)
      },
    )
    assert.ok(commits >= 3, `${commits}`)
  })
})

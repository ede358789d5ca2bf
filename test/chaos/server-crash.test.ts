/** kill -9 under write load, ten rounds: what was acknowledged is there, and no secret is half written. */
import assert from 'node:assert/strict'
import http from 'node:http'
import { test } from 'node:test'
import { at, listAt } from '../support/json.ts'
import { startServer } from '../support/server.ts'

test('no acknowledged write is lost, no secret half written, over ten crashes', async () => {
  await using server = await startServer({ audit: true })
  await server.call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
  const acknowledged = new Map<string, number>()
  let total = 0
  for (let round = 0; round < 10; round++) {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 16 })
    let running = true
    const writer = async (id: number) => {
      for (let i = 0; running; i++) {
        const path = `secret/data/r${round}/w${id}/k${i % 20}`
        const value = round * 1_000_000 + i
        try {
          const answer = await server.call('POST', path, { data: { value, again: value } }, { agent })
          if (answer.status !== 200) return
          acknowledged.set(path, value)
          total++
        } catch {
          return
        }
      }
    }
    const writers = Array.from({ length: 16 }, (_, id) => writer(id))
    const target = total + 150 + round * 30
    while (total < target) await new Promise((resolve) => setImmediate(resolve))
    await server.kill('SIGKILL')
    running = false
    await Promise.all(writers)
    agent.destroy()
    await server.restart()
    await server.unseal()
  }
  for (const [path, value] of acknowledged) {
    const answer = await server.call('GET', path)
    assert.equal(answer.status, 200, path)
    const stored = at(answer.json, 'data', 'data')
    const found = Number(at(stored, 'value'))
    assert.ok(found >= value, `${path}: ${found} is older than the acknowledged ${value}`)
    assert.equal(at(stored, 'again'), found)
  }
  // Every key that the index names can be read, also those whose write was never acknowledged.
  for (let round = 0; round < 10; round++) {
    const folders = await server.call('LIST', `secret/metadata/r${round}/`)
    for (const folder of listAt(folders.json, 'data', 'keys')) {
      const keys = await server.call('LIST', `secret/metadata/r${round}/${String(folder)}`)
      for (const key of listAt(keys.json, 'data', 'keys')) {
        const answer = await server.call('GET', `secret/data/r${round}/${String(folder)}${String(key)}`)
        assert.equal(answer.status, 200, `r${round}/${String(folder)}${String(key)}`)
      }
    }
  }
  console.log(`# ${total} acknowledged writes over ten crashes`)
})

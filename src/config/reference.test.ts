import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { configReference } from './index.ts'
import { tcpSchema } from './schema/listener.ts'
import { serverSchema } from './schema/server.ts'

describe('configReference', () => {
  it('has a line for every key, with its default', () => {
    const page = configReference()
    for (const key of [...Object.keys(serverSchema), ...Object.keys(tcpSchema)])
      assert.ok(page.includes(`\`${key}\``), key)
    assert.ok(
      page.includes(
        '| `max_lease_ttl` | a duration such as "90s", "1h30m" or 3600 | `768h` | Longest lifetime of tokens and secrets. 0 takes the default. |',
      ),
    )
    assert.ok(!page.includes('undefined') && !page.includes('[object'))
  })
})

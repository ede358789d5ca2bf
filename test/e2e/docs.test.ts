/** The commands of the guide and of the page on backups, run as they stand. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { loadConfig } from '../../src/config/index.ts'
import { request } from '../support/http.ts'
import { coffer, freePort } from '../support/server.ts'

const blocks = ['guide.md', 'backup.md'].flatMap((page) => {
  const text = readFileSync(join(import.meta.dirname, '..', '..', 'docs', page), 'utf8')
  return [...text.matchAll(/^```sh\n([^]*?)^```$/gm)].map((match) => ({ page, block: match[1] ?? '' }))
})

describe('docs', () => {
  const home = mkdtempSync(join(tmpdir(), 'coffer-docs-'))
  let address = ''
  let stop = (): void => {}

  before(async () => {
    const port = await freePort()
    address = `http://127.0.0.1:${port}`
    const child = spawn(
      coffer,
      ['server', '-dev', '-dev-root-token-id=guide', `-dev-listen-address=127.0.0.1:${port}`, '-dev-no-store-token'],
      { stdio: 'ignore', env: { ...process.env, HOME: home } },
    )
    stop = () => void child.kill('SIGKILL')
    for (let attempt = 0; attempt < 2000; attempt++) {
      const health = await request(address, 'GET', '/v1/sys/health').catch(() => undefined)
      if (health?.status === 200) return
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    throw new Error('the development server did not answer')
  })
  after(() => {
    stop()
    rmSync(home, { recursive: true, force: true })
  })

  test('has blocks', () => assert.ok(blocks.length > 11))

  for (const { page, block } of blocks) {
    test(`${page}: ${block.split('\n')[0]}`, () => {
      const env = {
        PATH: `${dirname(coffer)}:${process.env['PATH'] ?? ''}`,
        HOME: home,
        VAULT_ADDR: address,
        VAULT_TOKEN: 'guide',
      }
      const done = spawnSync('sh', ['-e', '-c', block], { encoding: 'utf8', env })
      assert.equal(done.status, 0, `${done.stdout}\n${done.stderr}`)
    })
  }
})

test('docs/seals.md: every stanza is one that a server takes', () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'seals.md'), 'utf8')
  const stanzas = [...page.matchAll(/^```hcl\n([^]*?)^```$/gm)].map((match) => match[1] ?? '')
  assert.ok(stanzas.length >= 7)
  const folder = mkdtempSync(join(tmpdir(), 'coffer-docs-'))
  process.env['HSM_PIN'] = '654321'
  for (const name of ['unseal-1.key', 'unseal-2.key', 'transit.token'])
    writeFileSync(join(folder, name), Buffer.alloc(32, 'k'), { mode: 0o600 })
  for (const [index, stanza] of stanzas.entries()) {
    const path = join(folder, `${index}.hcl`)
    const here = stanza.replaceAll('/etc/coffer/', `${folder}/`)
    writeFileSync(path, `storage "inmem" {}\nlistener "tcp" {\n  tls_disable = true\n}\n${here}`)
    const { config, warnings } = loadConfig([path])
    assert.equal(config.seals.length, 1, stanza)
    assert.deepEqual(warnings, [])
  }
  rmSync(folder, { recursive: true })
})

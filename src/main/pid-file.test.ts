import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { PidFile } from './pid-file.ts'

const root = mkdtempSync(join(tmpdir(), 'coffer-pid-'))
after(() => rmSync(root, { recursive: true }))

test('the file holds the process id as long as it is held', () => {
  const path = join(root, 'a.pid')
  {
    using file = new PidFile(path)
    assert.ok(!existsSync(path))
    file.write()
    assert.equal(readFileSync(path, 'utf8'), `${process.pid}\n`)
  }
  assert.ok(!existsSync(path))
})

test('a file of another server is left alone by one that never came to write its own', () => {
  const path = join(root, 'b.pid')
  writeFileSync(path, '1\n')
  new PidFile(path)[Symbol.dispose]()
  assert.equal(readFileSync(path, 'utf8'), '1\n')
})

test('without a path there is none, and one that cannot be written is told of', () => {
  using none = new PidFile(undefined)
  none.write()
  using nowhere = new PidFile(join(root, 'none', 'c.pid'))
  assert.throws(() => nowhere.write(), {
    message: `pid_file ${join(root, 'none', 'c.pid')} cannot be written (ENOENT)`,
  })
})

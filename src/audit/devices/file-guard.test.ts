/** CVE-2025-6000, CVE-2025-54997, CVE-2026-5051: an audit file must not become code or configuration. */
import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execFileSync } from 'node:child_process'
import { afterEach, beforeEach, test } from 'node:test'
import { resolveAuditPath } from './file-guard.ts'
import { FileSink } from './file-sink.ts'

let root = ''
beforeEach(() => {
  root = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'guard-')))
  fs.mkdirSync(join(root, 'plugins/sub'), { recursive: true })
  fs.mkdirSync(join(root, 'logs'))
})
afterEach(() => fs.rmSync(root, { recursive: true }))

const refusal = { code: 'AUDIT_FILE_REFUSED', status: 400 }

async function open(path: string, mode = 0o600): Promise<void> {
  const sink = new FileSink({ path, mode, forbiddenFolders: [join(root, 'plugins')] })
  try {
    await sink.open()
  } finally {
    await sink.close()
  }
}

const bad: Readonly<Record<string, () => string>> = {
  'a closed folder': () => join(root, 'plugins/x'),
  'below a closed folder': () => join(root, 'plugins/sub/new/x'),
  'the closed folder itself': () => join(root, 'plugins'),
  'dots into it': () => `${root}/logs/../plugins/x`,
  'doubled slashes into it': () => `${root}//plugins//x`,
  'a relative path with dots': () => '../x',
  '/proc': () => '/proc/self/mem',
  '/sys': () => '/sys/kernel/x',
  '/dev': () => '/dev/shm/x',
  'a device': () => '/dev/full',
  'a NUL': () => `${root}/logs/x\0y`,
  'a line feed': () => `${root}/logs/x\ny`,
  'a folder': () => join(root, 'logs'),
  'a name that ends in a slash': () => `${root}/logs/x/`,
  'a file as folder': () => {
    fs.writeFileSync(join(root, 'f'), '')
    return join(root, 'f/x')
  },
  'a linked folder': () => {
    fs.symlinkSync(join(root, 'plugins'), join(root, 'logs/link'))
    return join(root, 'logs/link/x')
  },
  'a linked file': () => {
    fs.writeFileSync(join(root, 'plugins/real'), '')
    fs.symlinkSync(join(root, 'plugins/real'), join(root, 'logs/x'))
    return join(root, 'logs/x')
  },
  'a link to what is not there': () => {
    fs.symlinkSync(join(root, 'plugins/none'), join(root, 'logs/x'))
    return join(root, 'logs/x')
  },
  'an executable': () => {
    fs.writeFileSync(join(root, 'logs/x'), '', { mode: 0o700 })
    return join(root, 'logs/x')
  },
  'a setuid file': () => {
    fs.writeFileSync(join(root, 'logs/x'), '')
    fs.chmodSync(join(root, 'logs/x'), 0o4600)
    return join(root, 'logs/x')
  },
  'a named pipe': () => {
    execFileSync('mkfifo', [join(root, 'logs/x')])
    return join(root, 'logs/x')
  },
}

for (const [name, path] of Object.entries(bad)) {
  test(`refused: ${name}`, async () => {
    await assert.rejects(open(path()), refusal)
    assert.deepEqual(
      fs.readdirSync(join(root, 'plugins')).filter((entry) => entry !== 'sub' && entry !== 'real'),
      [],
    )
    assert.deepEqual(fs.readdirSync(join(root, 'plugins/sub')), [])
  })
}

test("refused: another user's file", async (t) => {
  if (process.geteuid?.() !== 0) return t.skip('only root can give files away')
  fs.writeFileSync(join(root, 'logs/x'), 'foreign')
  fs.chownSync(join(root, 'logs/x'), 65534, 65534)
  await assert.rejects(open(join(root, 'logs/x')), refusal)
  assert.equal(fs.readFileSync(join(root, 'logs/x'), 'utf8'), 'foreign')
})

test('a closed folder that is itself a link closes what it leads to', async () => {
  fs.symlinkSync(join(root, 'logs'), join(root, 'closed'))
  await assert.rejects(resolveAuditPath(join(root, 'logs/x'), [join(root, 'closed')]), refusal)
})

test('a name that only begins like a closed folder is open', async () => {
  await open(join(root, 'plugins-log'))
})

test('files are 0600 and folders 0700, whatever the umask', async () => {
  const before = process.umask(0)
  try {
    await open(join(root, 'a/b/log'))
  } finally {
    process.umask(before)
  }
  assert.equal(fs.statSync(join(root, 'a/b/log')).mode & 0o7777, 0o600)
  for (const folder of ['a', 'a/b']) assert.equal(fs.statSync(join(root, folder)).mode & 0o7777, 0o700)
})

test('the mode that was asked for is given, and an existing file gets it too; 0 leaves that alone', async () => {
  fs.writeFileSync(join(root, 'logs/x'), '', { mode: 0o644 })
  await open(join(root, 'logs/x'), 0)
  assert.equal(fs.statSync(join(root, 'logs/x')).mode & 0o777, 0o644)
  await open(join(root, 'logs/x'), 0o640)
  assert.equal(fs.statSync(join(root, 'logs/x')).mode & 0o777, 0o640)
})

test('a link to an open place is followed', async () => {
  fs.writeFileSync(join(root, 'logs/real'), '', { mode: 0o600 })
  fs.symlinkSync(join(root, 'logs/real'), join(root, 'link'))
  assert.equal(await resolveAuditPath(join(root, 'link'), []), join(root, 'logs/real'))
})

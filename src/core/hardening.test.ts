import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { factsOfThisProcess, harden, type HardeningFacts } from './hardening.ts'

/** A machine on which all is well; as on one without the C library, no call is made. */
const good: HardeningFacts = {
  platform: 'linux',
  libc: undefined,
  uid: 1000,
  readFile: () => 'Filename\tType\tSize\tUsed\tPriority\n',
  mode: () => 0o600,
  nodeVersion: '26.13.1',
  nodeFlags: ['--disable-sigusr1'],
  inspecting: false,
  keyMemory: 'locked',
  secureHeap: 65_536,
}

const statusOf = (check: string, facts: Partial<HardeningFacts>, privatePaths: readonly string[] = []) =>
  harden({ facts: { ...good, ...facts }, privatePaths }).find((finding) => finding.check === check)

describe('what holds and what does not', () => {
  it('finds fault with each thing by itself', () => {
    for (const [check, facts, status, detail] of [
      ['user', { uid: 0 }, 'warn', /root/],
      [
        'swap',
        { readFile: () => 'Filename Type\n/dev/sda2 partition 1 0 -2\n/swapfile file 1 0 -3\n' },
        'warn',
        /\/dev\/sda2, \/swapfile/,
      ],
      ['swap', { readFile: () => undefined, platform: 'darwin' }, 'warn', /not available on darwin/],
      ['memory-lock', { keyMemory: 'not locked' }, 'warn', /could not be locked/],
      ['memory-lock', { keyMemory: 'unknown', platform: 'darwin' }, 'warn', /not available on darwin/],
      ['debugger', { inspecting: true }, 'fail', /debugger/],
      ['debugger', { nodeFlags: ['--inspect-brk=0.0.0.0:9229'] }, 'fail', /debugger/],
      ['debug-signal', { nodeFlags: [] }, 'warn', /SIGUSR1/],
      ['secure-heap', { secureHeap: 0 }, 'warn', /ordinary memory/],
      ['core-dumps', { platform: 'darwin' }, 'warn', /not available on darwin/],
      ['ptrace', { platform: 'darwin' }, 'warn', /not available on darwin/],
    ] as const) {
      const finding = statusOf(check, facts)
      assert.equal(finding?.status, status, check)
      assert.match(finding.detail, detail)
      assert.notEqual(finding.advice, '')
    }
  })

  it('is content with a machine on which all is well', () => {
    for (const finding of harden({ facts: good, privatePaths: ['/etc/coffer.hcl'] })) {
      if (finding.check === 'core-dumps' || finding.check === 'ptrace') continue
      assert.deepEqual([finding.status, finding.advice], ['ok', ''], finding.check)
    }
  })

  it('knows versions with and without the security fixes', () => {
    for (const [version, status] of [
      ['26.10.0', 'warn'],
      ['26.13.0', 'warn'],
      ['25.99.9', 'warn'],
      ['26.13.1', 'ok'],
      ['26.14.0', 'ok'],
      ['27.0.0', 'ok'],
      ['26.9.9', 'warn'],
    ] as const) {
      assert.equal(statusOf('node-version', { nodeVersion: version })?.status, status, version)
    }
  })

  it('looks at the modes of files', () => {
    const folder = mkdtempSync(join(tmpdir(), 'coffer-modes-'))
    const file = join(folder, 'coffer.hcl')
    writeFileSync(file, '')
    const facts = { mode: factsOfThisProcess().mode }
    for (const [mode, status] of [
      [0o600, 'ok'],
      [0o640, 'warn'],
      [0o604, 'warn'],
      [0o620, 'fail'],
      [0o602, 'fail'],
      [0o400, 'ok'],
    ] as const) {
      chmodSync(file, mode)
      assert.equal(statusOf('file-mode', facts, [file])?.status, status, mode.toString(8))
    }
    assert.equal(statusOf('file-mode', facts, [join(folder, 'absent')])?.status, 'ok')
    rmSync(folder, { recursive: true })
  })
})

it('takes effect on a real process', { skip: process.platform !== 'linux' }, () => {
  const script = `
    import { harden } from ${JSON.stringify(new URL('./hardening.ts', import.meta.url).href)}
    import { readFileSync, statSync } from 'node:fs'
    const findings = harden()
    const limits = readFileSync('/proc/self/limits', 'utf8')
    const status = Object.fromEntries(findings.map((finding) => [finding.check, finding.status]))
    console.log(JSON.stringify({ status, core: /^Max core file size +(\\S+) +(\\S+)/m.exec(limits).slice(1) }))`
  const flags = ['--disable-sigusr1', '--secure-heap=4194304', '--input-type=module', '-e', script]
  const { stdout, stderr } = spawnSync(process.execPath, flags, { encoding: 'utf8' })
  const { status, core } = JSON.parse(stdout || `"${stderr}"`)
  assert.deepEqual(core, ['0', '0'])
  assert.equal(status['core-dumps'], 'ok')
  assert.equal(status['ptrace'], 'ok')
  assert.equal(status['debug-signal'], 'ok')
  assert.equal(status['secure-heap'], 'ok')
  assert.equal(status['debugger'], 'ok')
})

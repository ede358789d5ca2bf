import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { after, describe, it } from 'node:test'
import { autoSeal, keyOf, roundTrip } from '../../../test/support/auto-seal.ts'
import { Pkcs11Service, type Pkcs11Options } from './pkcs11.ts'

const PIN = '84-canary-21'
const lib = ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so'].find((path) =>
  existsSync(path),
)
const folder = mkdtempSync(join(tmpdir(), 'coffer-hsm-'))
after(() => rmSync(folder, { recursive: true }))

/** Why these tests cannot run here. */
function obstacle(): string | false {
  if (lib === undefined || !existsSync('/usr/bin/softhsm2-util')) return 'needs SoftHSM: apt-get install softhsm2'
  try {
    createRequire(import.meta.url)('pkcs11js')
  } catch {
    return 'needs the native part of pkcs11js: npm rebuild pkcs11js --ignore-scripts=false'
  }
  mkdirSync(join(folder, 'tokens'))
  writeFileSync(join(folder, 'softhsm2.conf'), `directories.tokendir = ${folder}/tokens\n`)
  // The library looks there, in this process.
  process.env['SOFTHSM2_CONF'] = join(folder, 'softhsm2.conf')
  const init = ['--init-token', '--free', '--label', 'coffer', '--so-pin', '1234', '--pin', PIN]
  execFileSync('softhsm2-util', init, { stdio: 'ignore' })
  return false
}

const options: Pkcs11Options = {
  lib: lib ?? '',
  slot: '',
  tokenLabel: 'coffer',
  pin: PIN,
  keyLabel: 'unseal',
  keyId: '',
  mechanism: 'ckm_aes_gcm',
  oaepHash: 'sha1',
  generateKey: true,
}
const signal = new AbortController().signal
const failureOf = async (more: Partial<Pkcs11Options>): Promise<string> => {
  using key = keyOf(1)
  const failure = await autoSeal(new Pkcs11Service({ ...options, ...more }))
    .wrap(key, 'core/root-key')
    .catch((reason: unknown) => reason)
  assert.ok(failure instanceof Error && failure.cause instanceof Error)
  return `${failure.cause.stack}`
}

describe('a pkcs11 seal', { skip: obstacle() }, () => {
  it('makes its AES key in the module, wraps and unwraps', async () => {
    assert.match(await failureOf({ generateKey: false }), /there is no key with the label unseal/)
    const { same, elsewhere } = await roundTrip(autoSeal(new Pkcs11Service(options)))
    assert.ok(same)
    assert.match(String(elsewhere), /message authentication failed/)
    // Not a second one.
    assert.ok((await roundTrip(autoSeal(new Pkcs11Service({ ...options, generateKey: false })))).same)
  })

  it('still finds the key that encrypted when another one is configured', async () => {
    const old = await new Pkcs11Service({ ...options, keyLabel: 'old', keyId: '0x0a0b' }).encrypt(
      Buffer.alloc(32, 5),
      signal,
    )
    const now = new Pkcs11Service({ ...options, keyLabel: 'new' })
    assert.deepEqual(await now.decrypt(old, signal), new Uint8Array(32).fill(5))
    assert.notEqual((await now.encrypt(Buffer.alloc(32, 5), signal)).keyId, old.keyId)
  })

  it('notices a ciphertext that was changed', async () => {
    const service = new Pkcs11Service(options)
    const wrapped = await service.encrypt(Buffer.alloc(32, 5), signal)
    const ciphertext = Uint8Array.from(wrapped.ciphertext)
    ciphertext[20] = (ciphertext[20] ?? 0) ^ 1
    await assert.rejects(service.decrypt({ ...wrapped, ciphertext }, signal))
  })

  it('uses an RSA key as well, found by its slot', async () => {
    const listing = execFileSync('softhsm2-util', ['--show-slots']).toString()
    const slot = /^Slot (\d+)$(?:(?!^Slot)[^])*Label:\s+coffer/m.exec(listing)?.[1] ?? ''
    makeRsaKey(slot)
    const rsa = {
      ...options,
      tokenLabel: '',
      slot,
      keyLabel: 'rsa',
      mechanism: 'ckm_rsa_pkcs_oaep',
      generateKey: false,
    } as const
    assert.ok((await roundTrip(autoSeal(new Pkcs11Service(rsa)))).same)
    const hexadecimal = `0x${BigInt(slot).toString(16)}`
    assert.ok((await roundTrip(autoSeal(new Pkcs11Service({ ...rsa, slot: hexadecimal })))).same)
  })

  it('says what is wrong, and never the PIN', async () => {
    assert.match(await failureOf({ tokenLabel: 'other' }), /there is no token with the label other/)
    assert.match(await failureOf({ tokenLabel: '', slot: '77' }), /there is no slot 77/)
    assert.match(await failureOf({ pin: `${PIN}-not` }), /CKR_PIN_INCORRECT/)
    assert.match(await failureOf({ lib: '/nowhere/lib.so' }), /nowhere/)
    for (const more of [{ pin: `${PIN}-not` }, { tokenLabel: PIN }])
      assert.doesNotMatch(await failureOf(more), /canary/)
  })

  it('does not block the server while the module works', async () => {
    const seal = autoSeal(new Pkcs11Service(options))
    await roundTrip(seal)
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    await Promise.all([roundTrip(seal), roundTrip(seal)])
    delay.disable()
    assert.ok(delay.max / 1e6 < 200, `the event loop was blocked for ${delay.max / 1e6} ms`)
  })
})

/** Imported: SoftHSM's own tool makes none. */
function makeRsaKey(slot: string): void {
  const file = join(folder, 'rsa.pem')
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const flags = ['--slot', slot, '--label', 'rsa', '--id', 'a1', '--pin', PIN]
  execFileSync('softhsm2-util', ['--import', file, ...flags], { stdio: 'ignore' })
}

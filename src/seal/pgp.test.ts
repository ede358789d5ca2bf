import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createMessage, decrypt, generateKey, readMessage, sign } from 'openpgp'
import { CofferError } from '../errors/coffer-error.ts'
import { FakeClock } from '../lib/clock.ts'
import { MemoryDriver } from '../storage/drivers/memory.ts'
import { Store } from '../storage/store.ts'
import { Barrier } from './barrier.ts'
import { readPgpKey } from './pgp.ts'
import { SealManager } from './seal-manager.ts'
import { ShamirSeal } from './shamir-seal.ts'
import { decodeShare } from './share-text.ts'

async function newKey() {
  const { privateKey } = await generateKey({ userIDs: [{ name: 'Ada' }], format: 'object' })
  return { privateKey, base64: Buffer.from(privateKey.toPublic().write()).toString('base64') }
}

const decryptWith = async (privateKey: Awaited<ReturnType<typeof newKey>>['privateKey'], binary: Uint8Array) => {
  const { data } = await decrypt({ message: await readMessage({ binaryMessage: binary }), decryptionKeys: privateKey })
  return data
}

it('encrypts so that the holder of the key can decrypt', async () => {
  const { privateKey, base64 } = await newKey()
  const recipient = await readPgpKey(base64)
  assert.equal(recipient.fingerprint, privateKey.getFingerprint())
  assert.equal(await decryptWith(privateKey, await recipient.encrypt(Buffer.from('hvs.secret'))), 'hvs.secret')
})

it('refuses what is no key for encryption', async () => {
  const { base64 } = await newKey()
  const refusal = (pattern: RegExp) => (error: unknown) => error instanceof CofferError && pattern.test(error.message)
  await assert.rejects(readPgpKey('a'), refusal(/^error decoding given PGP key: illegal base64 data at input byte 0$/))
  await assert.rejects(readPgpKey(`${base64.slice(0, 40)}!`), refusal(/illegal base64 data at input byte 40$/))
  await assert.rejects(readPgpKey('aaaa'), refusal(/^error parsing given PGP key: /))
  await assert.rejects(readPgpKey(''), refusal(/^error parsing given PGP key: /))
  await assert.rejects(
    readPgpKey(base64.slice(0, base64.length / 2 - ((base64.length / 2) % 4))),
    refusal(/^error parsing given PGP key: /),
  )
  await assert.rejects(readPgpKey('keybase:ada'), refusal(/keybase/))
  const { privateKey } = await generateKey({ userIDs: [{ name: 'Signer' }], subkeys: [], format: 'object' })
  const signer = Buffer.from(privateKey.toPublic().write()).toString('base64')
  await assert.rejects(readPgpKey(signer), refusal(/^error parsing given PGP key: /))
  assert.ok(await sign({ message: await createMessage({ text: 'x' }), signingKeys: privateKey }))
})

it('gives each share to its own holder, and what they decrypt opens the vault', async () => {
  const holders = await Promise.all([newKey(), newKey(), newKey()])
  const driver = new MemoryDriver()
  const barrier = new Barrier({ driver, clock: new FakeClock() })
  const manager = new SealManager({ store: new Store(driver, barrier), barrier, seal: new ShamirSeal() })
  const { shares } = await manager.initialize(
    { shares: 3, threshold: 2, pgpKeys: holders.map((holder) => holder.base64) },
    () => undefined,
  )
  for (const i of [2, 0]) {
    const [holder, share] = [holders[i], shares[i]]
    assert.ok(holder !== undefined && share !== undefined)
    const text = await decryptWith(holder.privateKey, share)
    assert.match(text, /^[0-9a-f]{66}$/)
    await manager.submit(decodeShare(text))
  }
  assert.equal(manager.sealed, false)
})

/** An auto-unseal seal around a key service, as a test wants it. */
import { FakeClock } from '../../src/lib/clock.ts'
import { Metrics } from '../../src/lib/observe/index.ts'
import { guardedBytes, type SecretBytes } from '../../src/lib/secure/guarded.ts'
import { AutoSeal } from '../../src/seal/auto/auto-seal.ts'
import type { KeyService } from '../../src/seal/auto/key-service.ts'
import { StaticService } from '../../src/seal/auto/static.ts'

export function autoSeal(service: KeyService, clock = new FakeClock()): AutoSeal {
  return new AutoSeal(service, { clock, metrics: new Metrics(clock) })
}

/** A key of 32 equal bytes. */
export function keyOf(fill: number): SecretBytes {
  const key = guardedBytes(32)
  key.change((bytes) => bytes.fill(fill))
  return key
}

export function staticSeal(id: string, fill: number): AutoSeal {
  return autoSeal(new StaticService({ id, open: () => keyOf(fill) }, undefined))
}

/** Whether a seal gives back what it wrapped, and refuses it elsewhere. */
export async function roundTrip(seal: AutoSeal): Promise<{ readonly same: boolean; readonly elsewhere: unknown }> {
  using key = keyOf(7)
  const wrapped = await seal.wrap(key, 'core/root-key')
  using back = await seal.unwrap(wrapped, 'core/root-key')
  const elsewhere = await seal.unwrap(wrapped, 'core/recovery-key').catch((error: unknown) => error)
  return { same: Buffer.compare(key.bytes, back.bytes) === 0, elsewhere }
}

/** Namespaces with seals of their own, in a composed server. */
import assert from 'node:assert/strict'
import { ShamirSeal } from '../../src/seal/shamir-seal.ts'
import { Barrier } from '../../src/seal/barrier.ts'
import { SealManager } from '../../src/seal/seal-manager.ts'
import { Store } from '../../src/storage/store.ts'
import { systemClock } from '../../src/lib/clock.ts'
import type { Driver } from '../../src/storage/driver.ts'
import type { ComposedServer } from './composed.ts'
import { at, listAt } from './json.ts'

/** `team-a/dev` is made in `team-a`. */
export function inParent(path: string): { readonly name: string; readonly headers: Readonly<Record<string, string>> } {
  const slash = path.lastIndexOf('/')
  const name = path.slice(slash + 1)
  return slash === -1 ? { name, headers: {} } : { name, headers: { 'x-vault-namespace': path.slice(0, slash) } }
}

/** Its shares, any two of which open it. It is sealed. */
export async function makeSealable(server: ComposedServer, path: string): Promise<readonly string[]> {
  const { name, headers } = inParent(path)
  const seal = 'seal "shamir" {\n  shares = 3\n  threshold = 2\n}'
  const made = await server.call('POST', `sys/namespaces/${name}`, { seal }, { headers })
  assert.equal(made.status, 200, made.text)
  assert.equal(at(made.json, 'data', 'key_threshold'), 2)
  return listAt(made.json, 'data', 'key_shares').map(String)
}

export async function unsealNamespace(server: ComposedServer, path: string, shares: readonly string[]): Promise<void> {
  const { name, headers } = inParent(path)
  for (const key of shares.slice(0, 2)) {
    const answer = await server.call('PUT', `sys/namespaces/${name}/unseal`, { key }, { headers })
    assert.equal(answer.status, 200, answer.text)
  }
  assert.equal(at((await sealStatus(server, path)).json, 'data', 'sealed'), false)
}

export async function sealNamespace(server: ComposedServer, path: string): Promise<void> {
  const { name, headers } = inParent(path)
  const answer = await server.call('PUT', `sys/namespaces/${name}/seal`, {}, { headers })
  assert.equal(answer.status, 204, answer.text)
}

export async function sealStatus(server: ComposedServer, path: string) {
  const { name, headers } = inParent(path)
  return server.call('GET', `sys/namespaces/${name}/seal-status`, undefined, { headers })
}

/** Whoever has the storage and the vault's unseal key, and nothing else: opens what is stored under a key, or tells that he cannot. */
export async function rootReader(driver: Driver, share: string): Promise<(key: string, stored: Uint8Array) => string> {
  const barrier = new Barrier({ driver, clock: systemClock })
  const manager = new SealManager({ store: new Store(driver, barrier), barrier, seal: new ShamirSeal() })
  await manager.submit(Buffer.from(share, 'base64'))
  assert.equal(manager.sealed, false)
  return (key, stored) => Buffer.from(barrier.open(key, stored)).toString('latin1')
}

/** The public keys that a set of roles or clients signs with. */
import type { JsonOut, ReadView } from '#framework'
import type { PublicJwk } from './algorithms.ts'
import { publicKeys } from './named-key.ts'
import { clients, keys, roles, type Provider } from './store.ts'

/** Of the keys that some role refers to, as in Vault. */
export async function roleKeys(view: ReadView, now: number): Promise<readonly PublicJwk[]> {
  const names = new Set<string>()
  for await (const [, role] of roles.entries(view)) names.add(role.key)
  return published(view, names, now)
}

/** Of the keys of the clients that may use a provider. */
export async function providerKeys(
  view: ReadView,
  { allowedClientIds }: Provider,
  now: number,
): Promise<readonly PublicJwk[]> {
  const names = new Set<string>()
  for await (const [, client] of clients.entries(view))
    if (allows(allowedClientIds, client.clientId)) names.add(client.key)
  return published(view, names, now)
}

export function allows(allowedClientIds: readonly string[], clientId: string): boolean {
  return allowedClientIds.includes('*') || allowedClientIds.includes(clientId)
}

export function jwks(published: readonly PublicJwk[]): JsonOut {
  return {
    keys: published.map(
      ({ kid, alg, parameters }) => new Map([['use', 'sig'], ['kid', kid], ['alg', alg], ...parameters]),
    ),
  }
}

async function published(view: ReadView, names: ReadonlySet<string>, now: number): Promise<readonly PublicJwk[]> {
  const out: PublicJwk[] = []
  for (const name of [...names].toSorted()) {
    const key = await keys.get(view, name)
    if (key !== undefined) out.push(...publicKeys(key, now))
  }
  return out
}

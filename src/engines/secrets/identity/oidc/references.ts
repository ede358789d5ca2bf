/** Who refers to what: nothing is deleted, or made too short-lived, under those that rely on it. */
import { badRequest, type ReadView } from '#framework'
import type { Named } from './named.ts'
import { clients, providers, roles, type Client, type Provider, type Role } from './store.ts'

export function rolesUsingKey(view: ReadView, key: string): Promise<readonly (readonly [string, Role])[]> {
  return using(view, roles, (role) => role.key === key)
}

export function clientsUsingKey(view: ReadView, key: string): Promise<readonly (readonly [string, Client])[]> {
  return using(view, clients, (client) => client.key === key)
}

export function clientsUsingAssignment(view: ReadView, name: string): Promise<readonly (readonly [string, Client])[]> {
  return using(view, clients, (client) => client.assignments.includes(name))
}

export function providersUsingScope(view: ReadView, scope: string): Promise<readonly (readonly [string, Provider])[]> {
  return using(view, providers, (provider) => provider.scopesSupported.includes(scope))
}

/**
 * Refuses the deletion of what others refer to.
 * @param what such as `scope "a"`.
 * @param who such as "providers".
 */
export function assertUnused(what: string, who: string, users: readonly (readonly [string, unknown])[]): void {
  if (users.length === 0) return
  const names = users.map(([name]) => name).join(', ')
  badRequest(`unable to delete ${what} because it is currently referenced by these ${who}: ${names}`)
}

async function using<V>(
  view: ReadView,
  all: Pick<Named<V>, 'entries'>,
  refers: (value: V) => boolean,
): Promise<readonly (readonly [string, V])[]> {
  const out: (readonly [string, V])[] = []
  for await (const entry of all.entries(view)) if (refers(entry[1])) out.push(entry)
  return out
}

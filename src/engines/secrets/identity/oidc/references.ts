/** Who refers to what: nothing is deleted, or made too short-lived, under those that rely on it. */
import type { ReadView } from '#framework'
import { clients, providers, roles, type Client, type Role } from './store.ts'

export async function rolesUsingKey(view: ReadView, key: string): Promise<readonly (readonly [string, Role])[]> {
  return using(
    await roles.list(view),
    (name) => roles.get(view, { name }),
    (role) => role.key === key,
  )
}

export async function clientsUsingKey(view: ReadView, key: string): Promise<readonly (readonly [string, Client])[]> {
  return using(
    await clients.list(view),
    (name) => clients.get(view, name),
    (client) => client.key === key,
  )
}

export async function clientsUsingAssignment(view: ReadView, assignment: string): Promise<readonly string[]> {
  const found = await using(
    await clients.list(view),
    (name) => clients.get(view, name),
    (client) => client.assignments.includes(assignment),
  )
  return found.map(([name]) => name)
}

export async function providersUsingScope(view: ReadView, scope: string): Promise<readonly string[]> {
  const found = await using(
    await providers.list(view),
    (name) => providers.get(view, name),
    (provider) => provider.scopesSupported.includes(scope),
  )
  return found.map(([name]) => name)
}

async function using<T>(
  names: readonly string[],
  get: (name: string) => Promise<T | undefined>,
  refers: (value: T) => boolean,
): Promise<readonly (readonly [string, T])[]> {
  const out: (readonly [string, T])[] = []
  for (const name of names) {
    const value = await get(name)
    if (value !== undefined && refers(value)) out.push([name, value])
  }
  return out
}

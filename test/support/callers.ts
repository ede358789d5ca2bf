/** Tokens that hold one policy of their own, and what a test asks of the process behind a server. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { at, textAt } from './json.ts'
import type { TestServer } from './server.ts'

let policies = 0

/** A token with just this policy (HCL). `more` goes into the request that creates it. */
export async function tokenWith(server: TestServer, policy: string, more: object = {}): Promise<string> {
  const name = `test-${++policies}`
  const written = await server.call('PUT', `sys/policies/acl/${name}`, { policy })
  assert.equal(written.status, 204, written.text)
  return createToken(server, { policies: [name], no_default_policy: true, ...more })
}

export async function createToken(server: TestServer, body: object = {}, path = 'auth/token/create'): Promise<string> {
  const made = await server.call('POST', path, body)
  assert.equal(made.status, 200, made.text)
  return textAt(made.json, 'auth', 'client_token')
}

export async function accessorOf(server: TestServer, token: string): Promise<string> {
  const found = await server.call('POST', 'auth/token/lookup', { token })
  return String(at(found.json, 'data', 'accessor'))
}

/** The server's resident memory in MiB; Linux alone tells. */
export function residentMemory(server: TestServer): number {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))
  return Number(found?.[1]) / 1024
}

/** Waits until `probe` gives something; throws after some seconds. */
export async function until<T>(what: string, probe: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (let attempt = 0; attempt < 1000; attempt++) {
    const found = await probe()
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`it never came: ${what}`)
}

/** A generator of numbers below 1 that gives the same series for the same seed, so that a failure can be seen again. */
export function series(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/**
 * A server of several threads with a namespace that has a seal of its own: uses it on every thread, seals the namespace alone, says so,
 * and waits. Its memory is then looked through by a test. Says the vault's share and the namespace's in hex first.
 */
import http from 'node:http'
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { devSettings } from '../../src/main/dev-settings.ts'
import { request } from './http.ts'
import { at, listAt, textAt } from './json.ts'
import { runServer } from './running.ts'

// Only these of the flags are read where settings come from.
const base = devSettings({ dev: true, 'dev-listen-address': '127.0.0.1:0' } as never, process.argv[2] ?? '')
const server = await runServer({ ...base, servingThreads: 2, log: { ...base.log, level: 'error' } })
const address = `http://${server.running.addresses[0] ?? ''}`
const made = await request(address, 'PUT', '/v1/sys/init', { body: { secret_shares: 1, secret_threshold: 1 } })
const token = textAt(made.json, 'root_token')
const vaultShare = String(at(made.json, 'keys', 0))
const call = (method: string, path: string, body?: unknown, namespace = '') =>
  request(address, method, `/v1/${path}`, {
    token,
    agent: new http.Agent(),
    headers: { 'X-Vault-Namespace': namespace },
    ...(body === undefined ? {} : { body }),
  })
await call('PUT', 'sys/unseal', { key: vaultShare })
const namespace = await call('POST', 'sys/namespaces/a', { seal: 'seal "shamir" { shares = 1 threshold = 1 }' })
const share = String(listAt(namespace.json, 'data', 'key_shares')[0])
writeSync(1, `${vaultShare}\n${share}\n`)
for (let round = 0; round < 3; round++) {
  await call('PUT', 'sys/namespaces/a/unseal', { key: share })
  if (round === 0) {
    await call('POST', 'sys/mounts/kv', { type: 'kv' }, 'a')
    await call('POST', 'sys/rotate', {}, 'a')
    await call('POST', 'kv/x', { a: 'secret' }, 'a')
  }
  for (let i = 0; i < 100; i++) {
    const read = await call('GET', 'kv/x', undefined, 'a')
    if (read.status !== 200) throw new Error(read.text)
  }
  if (round < 2) await call('PUT', 'sys/namespaces/a/seal', {})
}
writeSync(1, 'unsealed\n')
for await (const order of createInterface({ input: process.stdin })) {
  if (order === 'seal') {
    await call('PUT', 'sys/namespaces/a/seal', {})
    writeSync(1, 'sealed\n')
  } else {
    await server[Symbol.asyncDispose]()
    writeSync(1, 'ended\n')
  }
}

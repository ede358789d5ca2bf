/** Starts servers on like configurations and readies them: initialised, unsealed, KV v2 at secret/, one secret. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../test/support/server.ts'
import { call } from './call.ts'
import { enableLogIns } from './log-in.ts'
import { embedded, openStorage, raft, type BenchStorage, type StorageKind } from './storages.ts'

export interface Running {
  readonly name: string
  readonly address: string
  readonly token: string
  readonly pid: number
  readonly folder: string
  /** The only share of the unseal key, base64. */
  readonly key: string
  /** From spawn to the first answered request. */
  readonly startMs: number
  stop(options?: { readonly keepFolder?: boolean }): Promise<void>
}

export interface CofferOptions {
  readonly tls?: boolean
  /** Undefined leaves it to the server. */
  readonly threads?: number | undefined
  readonly storage?: StorageKind
  /** With V8's sampling profiler; the profile lands in the server's folder. */
  readonly profile?: boolean
}

interface Plan {
  readonly name: string
  readonly command: (folder: string) => readonly string[]
  readonly tls: boolean
  readonly port: number
  readonly storage: BenchStorage
  /** Further lines at the top level of the configuration. */
  readonly more?: string
  /** Further lines in the listener's stanza. */
  readonly listener?: string
  /** Another node of the vault that this one has initialised. */
  readonly joins?: Running
}

const launcher = join(import.meta.dirname, '..', 'bin', 'coffer')

export async function startCoffer(options: CofferOptions = {}): Promise<Running> {
  const { tls = false, threads, storage = 'lmdb', profile = false } = options
  return start({
    name: cofferName(threads),
    command: profile ? profiled : () => [launcher],
    tls,
    port: await freePort(),
    storage: await openStorage(storage),
    more: threadsLine(threads),
  })
}

export async function startReference(binary: string, tls: boolean, storage: StorageKind = 'lmdb'): Promise<Running> {
  return start({
    name: 'reference',
    command: () => [binary],
    tls,
    port: await freePort(),
    storage: storage === 'lmdb' ? embedded(raft(0, await freePort())) : await openStorage(storage),
  })
}

/** Several nodes of one vault, the one that leads first. Stopping the first ends the storage, so it is stopped last. */
export async function startCofferNodes(
  count: number,
  storage: Exclude<StorageKind, 'lmdb'>,
  threads?: number,
): Promise<Running[]> {
  const shared = await openStorage(storage, true)
  return startNodes(count, async (node, first) => ({
    name: `coffer, node ${node}`,
    command: () => [launcher],
    tls: false,
    port: await freePort(),
    storage: first === undefined ? shared : embedded((folder) => shared.stanza(folder)),
    more: threadsLine(threads),
    listener: `cluster_address = "127.0.0.1:${await freePort()}"`,
    ...(first === undefined ? {} : { joins: first }),
  }))
}

/** The reference's nodes, each with its own copy of the store. */
export async function startReferenceNodes(binary: string, count: number): Promise<Running[]> {
  return startNodes(count, async (node, first) => {
    const clusterPort = await freePort()
    return {
      name: `reference, node ${node}`,
      command: () => [binary],
      tls: false,
      port: await freePort(),
      storage: embedded(raft(node, clusterPort, first?.address)),
      listener: `cluster_address = "127.0.0.1:${clusterPort}"`,
      ...(first === undefined ? {} : { joins: first }),
    }
  })
}

async function startNodes(
  count: number,
  planOf: (node: number, first: Running | undefined) => Promise<Plan>,
): Promise<Running[]> {
  const nodes: Running[] = []
  try {
    for (let node = 0; node < count; node++) nodes.push(await start(await planOf(node, nodes[0])))
    return nodes
  } catch (error) {
    for (const node of nodes.toReversed()) await node.stop()
    throw error
  }
}

export function cofferName(threads: number | undefined): string {
  return threads === undefined ? 'coffer' : `coffer, ${threads} thread${threads === 1 ? '' : 's'}`
}

function threadsLine(threads: number | undefined): string {
  return threads === undefined ? '' : `serving_threads = ${threads}`
}

/** The launcher's own way, with the sampling profiler on. */
const profiled = (folder: string): readonly string[] => [
  join(launcher, '..', 'node'),
  '--cpu-prof',
  `--cpu-prof-dir=${folder}`,
  join(launcher, '..', '..', 'src', 'main.ts'),
]

async function start(plan: Plan): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-bench-'))
  mkdirSync(join(folder, 'data'))
  const address = `${plan.tls ? 'https' : 'http'}://127.0.0.1:${plan.port}`
  writeFileSync(join(folder, 'config.hcl'), configuration(plan, folder, address), { mode: 0o600 })
  const began = performance.now()
  const [binary = '', ...args] = plan.command(folder)
  const child = spawn(binary, [...args, 'server', `-config=${folder}/config.hcl`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const stop: Running['stop'] = async ({ keepFolder = false } = {}) => {
    const gone = new Promise((resolve) => child.once('exit', resolve))
    if (child.exitCode === null && child.kill('SIGTERM')) await gone
    await plan.storage[Symbol.asyncDispose]()
    if (!keepFolder) rmSync(folder, { recursive: true, force: true })
  }
  try {
    const errors = collect(child)
    await firstAnswer(address, child, errors)
    const startMs = performance.now() - began
    const { key, token } = await (plan.joins === undefined ? initialised(address) : joined(address, plan.joins))
    if (child.pid === undefined) throw new Error(`${plan.name} has no process`)
    return { name: plan.name, address, token, pid: child.pid, folder, key, startMs, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function configuration(plan: Plan, folder: string, address: string): string {
  if (plan.tls) makeCertificate(folder)
  const certificate = plan.tls
    ? `tls_cert_file = "${folder}/cert.pem"\n  tls_key_file = "${folder}/key.pem"`
    : 'tls_disable = true'
  return `${plan.storage.stanza(folder)}
listener "tcp" {
  address = "127.0.0.1:${plan.port}"
  ${certificate}
  ${plan.listener ?? ''}
}
audit "file" "bench" {
  options {
    file_path = "${folder}/audit.log"
  }
}
api_addr = "${address}"
disable_mlock = true
log_level = "warn"
${plan.more ?? ''}
`
}

function makeCertificate(folder: string): void {
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  const files = ['-keyout', `${folder}/key.pem`, '-out', `${folder}/cert.pem`]
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  spawnSync('openssl', ['req', '-x509', ...kind, ...subject, ...files])
}

function collect(child: ChildProcess): string[] {
  const lines: string[] = []
  child.stderr?.on('data', (chunk: Buffer) => lines.push(chunk.toString()))
  return lines
}

async function firstAnswer(address: string, child: ChildProcess, errors: readonly string[]): Promise<void> {
  for (let attempt = 0; attempt < 3000; attempt++) {
    if (child.exitCode !== null) throw new Error(`the server ended: ${errors.join('')}`)
    const answered = await call(address, 'GET', '/v1/sys/seal-status').then(
      () => true,
      () => false,
    )
    if (answered) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error(`no answer from ${address}: ${errors.join('')}`)
}

async function initialised(address: string): Promise<{ readonly key: string; readonly token: string }> {
  const init = await call(address, 'PUT', '/v1/sys/init', { secret_shares: 1, secret_threshold: 1 })
  const { keys_base64: keys, root_token: token } = JSON.parse(init) as { keys_base64: string[]; root_token: string }
  const [key = ''] = keys
  await unseal(address, key, (health) => !health.sealed && !health.standby)
  await call(address, 'POST', '/v1/sys/mounts/secret', { type: 'kv', options: { version: '2' } }, token)
  for (let attempt = 0; attempt < 200; attempt++) {
    const secret = { data: { username: 'app', password: 'x'.repeat(200), host: 'db.internal' } }
    const reply = await call(address, 'POST', '/v1/secret/data/bench/0', secret, token)
    if (reply.includes('"version"')) {
      await enableLogIns(address, token)
      return { key, token }
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`${address} never took the first secret`)
}

/** Resolves once the node shows the first one's secret. */
async function joined(
  address: string,
  { key, token }: Running,
): Promise<{ readonly key: string; readonly token: string }> {
  await unseal(address, key, (health) => !health.sealed)
  for (let attempt = 0; attempt < 1000; attempt++) {
    const reply = await call(address, 'GET', '/v1/secret/data/bench/0', undefined, token)
    if (reply.includes('"db.internal"')) return { key, token }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`${address} never showed the first secret`)
}

interface Health {
  readonly sealed: boolean
  readonly standby: boolean
}

/** A node that joins may need to hear of the vault first, and any server a moment after unseal to become what it will be. */
async function unseal(address: string, key: string, isReady: (health: Health) => boolean): Promise<void> {
  for (let attempt = 0; attempt < 3000; attempt++) {
    const health = JSON.parse(await call(address, 'GET', '/v1/sys/health?standbyok=true')) as Health
    if (isReady(health)) return
    if (health.sealed) await call(address, 'PUT', '/v1/sys/unseal', { key })
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`${address} was never ready`)
}

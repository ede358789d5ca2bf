/** Starts the two servers on like configurations and readies them: initialised, unsealed, KV v2 at secret/, one secret. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Running {
  readonly name: string
  readonly address: string
  readonly token: string
  readonly pid: number
  readonly folder: string
  /** From spawn to the first answered request. */
  readonly startMs: number
  stop(options?: { readonly keepFolder?: boolean }): Promise<void>
}

const launcher = join(import.meta.dirname, '..', 'bin', 'coffer')

export function startCoffer(tls: boolean, options: { readonly profile?: boolean } = {}): Promise<Running> {
  const command = options.profile === true ? profiled : [launcher]
  return start('coffer', command, tls, 18310, (folder) => `storage "lmdb" { path = "${folder}/data" }`)
}

export function startReference(binary: string, tls: boolean): Promise<Running> {
  return start(
    'reference',
    [binary],
    tls,
    18320,
    (folder) => `storage "raft" { path = "${folder}/data" node_id = "one" }\ncluster_addr = "https://127.0.0.1:18321"`,
  )
}

/** The launcher's own way, with the sampling profiler on; its profile lands in the server's folder. */
const profiled = (folder: string): readonly string[] => [
  join(launcher, '..', 'node'),
  '--cpu-prof',
  `--cpu-prof-dir=${folder}`,
  join(launcher, '..', '..', 'src', 'main.ts'),
]

async function start(
  name: string,
  command: readonly string[] | ((folder: string) => readonly string[]),
  tls: boolean,
  port: number,
  storage: (folder: string) => string,
): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), `bench-${name}-`))
  mkdirSync(join(folder, 'data'))
  const address = `${tls ? 'https' : 'http'}://127.0.0.1:${port}`
  writeFileSync(join(folder, 'config.hcl'), configuration(folder, storage(folder), tls, port, address), { mode: 0o600 })
  const began = performance.now()
  const [binary = '', ...args] = typeof command === 'function' ? command(folder) : command
  const child = spawn(binary, [...args, 'server', `-config=${folder}/config.hcl`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const errors = collect(child)
  await firstAnswer(address, child, errors)
  const startMs = performance.now() - began
  const token = await ready(address)
  if (child.pid === undefined) throw new Error(`${name} has no process`)
  return {
    name,
    address,
    token,
    pid: child.pid,
    folder,
    startMs,
    stop: async ({ keepFolder = false } = {}) => {
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await gone
      if (!keepFolder) rmSync(folder, { recursive: true, force: true })
    },
  }
}

function configuration(folder: string, storage: string, tls: boolean, port: number, address: string): string {
  if (tls) {
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
    const files = ['-keyout', `${folder}/key.pem`, '-out', `${folder}/cert.pem`]
    spawnSync('openssl', [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
      ...subject,
      ...files,
    ])
  }
  const certificate = tls
    ? `tls_cert_file = "${folder}/cert.pem"\n  tls_key_file = "${folder}/key.pem"`
    : 'tls_disable = true'
  return `${storage}
listener "tcp" {
  address = "127.0.0.1:${port}"
  ${certificate}
}
audit "file" "bench" {
  options {
    file_path = "${folder}/audit.log"
  }
}
api_addr = "${address}"
disable_mlock = true
log_level = "warn"
`
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

async function ready(address: string): Promise<string> {
  const init = await call(address, 'PUT', '/v1/sys/init', { secret_shares: 1, secret_threshold: 1 })
  const { keys_base64: keys, root_token: token } = JSON.parse(init) as { keys_base64: string[]; root_token: string }
  await call(address, 'PUT', '/v1/sys/unseal', { key: keys[0] })
  // A server may need a moment after unseal to become active.
  for (let attempt = 0; attempt < 1000; attempt++) {
    const health = JSON.parse(await call(address, 'GET', '/v1/sys/health?standbyok=true')) as {
      sealed: boolean
      standby: boolean
    }
    if (!health.sealed && !health.standby) break
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  await call(address, 'POST', '/v1/sys/mounts/secret', { type: 'kv', options: { version: '2' } }, token)
  for (let attempt = 0; attempt < 200; attempt++) {
    const reply = await call(
      address,
      'POST',
      '/v1/secret/data/bench/0',
      { data: { username: 'app', password: 'x'.repeat(200), host: 'db.internal' } },
      token,
    )
    if (reply.includes('"version"')) return token
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`${address} never took the first secret`)
}

function call(address: string, method: string, path: string, body?: object, token?: string): Promise<string> {
  const client = address.startsWith('https') ? https : http
  const headers = { 'Content-Type': 'application/json', ...(token === undefined ? {} : { 'X-Vault-Token': token }) }
  return new Promise((resolve, reject) => {
    // The bench makes its own certificate, so there is nothing to verify it against.
    const request = client.request(address + path, { method, headers, rejectUnauthorized: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve(Buffer.concat(chunks).toString()))
    })
    request.on('error', reject)
    request.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

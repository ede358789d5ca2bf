/** A real etcd of one member, on ports of its own and in a folder of its own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

const BINARY = ['/usr/bin/etcd', '/usr/local/bin/etcd'].find((path) => existsSync(path))

/** Why tests with etcd cannot run here; false where they can. */
export const noEtcd: string | false = BINARY === undefined ? 'needs etcd: apt-get install etcd-server' : false

export interface EtcdSettings {
  /** Further options of etcd, by their names. */
  readonly options?: Readonly<Record<string, string>>
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca: string }
}

export class TestEtcd implements AsyncDisposable {
  readonly port: number
  readonly #peerPort: number
  readonly #folder: string
  readonly #settings: EtcdSettings
  #process: ChildProcess | undefined
  #output = ''

  private constructor(folder: string, port: number, peerPort: number, settings: EtcdSettings) {
    this.#folder = folder
    this.port = port
    this.#peerPort = peerPort
    this.#settings = settings
  }

  static async start(settings: EtcdSettings = {}): Promise<TestEtcd> {
    const folder = await mkdtemp(join(tmpdir(), 'coffer-etcd-'))
    const etcd = new TestEtcd(folder, await freePort(), await freePort(), settings)
    await etcd.start()
    return etcd
  }

  get address(): string {
    return `${this.#settings.tls === undefined ? 'http' : 'https'}://127.0.0.1:${this.port}`
  }

  /** Again, with what it had. */
  async start(): Promise<void> {
    const { tls, options: more = {} } = this.#settings
    const peer = `http://127.0.0.1:${this.#peerPort}`
    const options: Record<string, string> = {
      name: 'test',
      'data-dir': join(this.#folder, 'data'),
      'log-level': 'error',
      'listen-client-urls': this.address,
      'advertise-client-urls': this.address,
      'listen-peer-urls': peer,
      'initial-advertise-peer-urls': peer,
      'initial-cluster': `test=${peer}`,
      ...(tls === undefined ? {} : { 'cert-file': tls.cert, 'key-file': tls.key, 'trusted-ca-file': tls.ca }),
      ...(tls === undefined ? {} : { 'client-cert-auth': 'true' }),
      ...more,
    }
    const listed = Object.entries(options).map(([name, value]) => `--${name}=${value}`)
    const started = spawn(BINARY ?? 'etcd', listed, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#process = started
    for (const stream of [started.stdout, started.stderr]) {
      stream.on('data', (text: Buffer) => (this.#output += text.toString()))
    }
    const end = performance.now() + 20_000
    while (!(await answers(this.port))) {
      if (started.exitCode !== null || performance.now() > end) throw new Error(`etcd did not start: ${this.#output}`)
      await wait(20)
    }
  }

  /** As after a power cut. */
  async kill(): Promise<void> {
    const running = this.#process
    this.#process = undefined
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return
    const exited = once(running, 'exit')
    running.kill('SIGKILL')
    await exited
  }

  /** It holds still, with its connections open. */
  freeze(): void {
    this.#process?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#process?.kill('SIGCONT')
  }

  /** Runs etcdctl, and returns what it prints. */
  ctl(...parts: readonly string[]): string {
    const { stdout, stderr, status } = spawnSync('etcdctl', ['--endpoints', this.address, ...parts], {
      encoding: 'utf8',
      env: { ...process.env, ETCDCTL_API: '3' },
    })
    if (status !== 0) throw new Error(`etcdctl ${parts[0]}: ${stderr}`)
    return stdout
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    await rm(this.#folder, { recursive: true })
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('close', () => socket.destroy())
    socket.once('connect', () => socket.destroy())
  })
}

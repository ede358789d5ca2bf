/** A real rsyslog for tests, in a temporary folder: it takes messages over UDP, TCP and a socket of its own, and writes each as a line. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'

const BINARY = ['/usr/sbin/rsyslogd', '/sbin/rsyslogd'].find((path) => existsSync(path))

/** Why there can be none here, or false. */
export const withoutRsyslog: string | false = BINARY === undefined ? 'needs rsyslog: apt-get install rsyslog' : false

export interface SyslogMessage {
  readonly facility: string
  readonly severity: string
  readonly tag: string
  readonly text: string
}

export class TestRsyslog implements AsyncDisposable {
  readonly port: number
  readonly socket: string
  readonly #folder: string
  readonly #child: ChildProcess

  private constructor(folder: string, port: number, child: ChildProcess) {
    this.#folder = folder
    this.port = port
    this.socket = join(folder, 'log')
    this.#child = child
  }

  static async start(): Promise<TestRsyslog> {
    const folder = mkdtempSync(join(tmpdir(), 'coffer-rsyslog-'))
    const port = await freePort()
    const file = join(folder, 'rsyslog.conf')
    writeFileSync(file, configuration(folder, port))
    const child = spawn(BINARY ?? '', ['-n', '-f', file, '-i', join(folder, 'pid'), '-C'], { stdio: 'ignore' })
    return new TestRsyslog(folder, port, child)
  }

  get logFile(): string {
    return join(this.#folder, 'messages')
  }

  messages(): readonly SyslogMessage[] {
    if (!existsSync(this.logFile)) return []
    const lines = readFileSync(this.logFile, 'utf8').split('\n').slice(0, -1)
    return lines.map((line) => {
      const [facility = '', severity = '', tag = '', ...text] = line.split(' ')
      return { facility, severity, tag, text: text.join(' ').trimStart() }
    })
  }

  /** It takes messages. */
  ready(): boolean {
    return existsSync(this.socket)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) {
      this.#child.kill('SIGKILL')
      await once(this.#child, 'exit')
    }
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** As docs/audit.md says: longer messages than by default. */
function configuration(folder: string, port: number): string {
  return `global(maxMessageSize="256k" workDirectory="${folder}")
module(load="imuxsock" SysSock.Use="off")
module(load="imudp")
module(load="imtcp")
input(type="imuxsock" Socket="${join(folder, 'log')}" RateLimit.Interval="0")
input(type="imudp" address="127.0.0.1" port="${port}")
input(type="imtcp" address="127.0.0.1" port="${port}")
template(name="plain" type="string" string="%syslogfacility-text% %syslogseverity-text% %programname% %msg%\\n")
action(type="omfile" file="${join(folder, 'messages')}" template="plain")
`
}

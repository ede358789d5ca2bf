/** `coffer operator diagnose`: what would keep a server from starting, and what would weaken it. Changes nothing. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { environmentReader } from '../cli/environment.ts'
import { flag, type Flags } from '../cli/flags/flag.ts'
import { parseFlags } from '../cli/flags/parse.ts'
import { section } from '../cli/help/usage.ts'
import type { CliIo } from '../cli/io.ts'
import { harden } from '../core/hardening.ts'
import { systemClock, type Clock } from '../lib/clock.ts'
import { LmdbDriver } from '../storage/drivers/lmdb.ts'
import { fromConfigFiles } from './config-settings.ts'
import type { Settings } from './settings.ts'

const flags = {
  config: flag.list({ usage: 'Configuration to check: a file or a folder. May be given several times.' }),
  format: flag.string({ usage: 'table or json.', initial: 'table' }),
} satisfies Flags

interface Finding {
  readonly area: string
  readonly status: 'ok' | 'warn' | 'fail'
  readonly detail: string
  readonly advice: string
}

/** Exit code: 0 all is well, 1 the server would not start or not be safe, 2 there are warnings. */
export async function diagnoseCommand(args: readonly string[], io: CliIo): Promise<number> {
  if (args.some((arg) => /^--?h(elp)?$/.test(arg))) {
    io.stdout.write(`Usage: coffer operator diagnose [options]\n\n  Checks what a server would find when it starts: configuration, storage, certificates, the process's\n  own hardening. Changes nothing. The exit code is 0 when all is well, 1 when something fails, 2 when\n  there are warnings.\n\n      $ coffer operator diagnose -config=/etc/coffer/coffer.hcl\n\n${section('Command Options', flags)}\n`)
    return 0
  }
  try {
    const parsed = parseFlags(flags, args, environmentReader(io.env))
    const paths = parsed.values.get('config')
    const findings = await examine(Array.isArray(paths) ? paths.map(String) : [])
    io.stdout.write(parsed.values.get('format') === 'json' ? `${JSON.stringify(findings, null, 2)}\n` : table(findings))
    return findings.some((one) => one.status === 'fail') ? 1 : findings.some((one) => one.status === 'warn') ? 2 : 0
  } catch (error) {
    io.stderr.write(`${error instanceof Error ? error.message : 'diagnose failed'}\n`)
    return 1
  }
}

async function examine(paths: readonly string[]): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  const settings = configuration(paths, findings)
  if (settings !== undefined) {
    await storage(settings, findings)
    for (const listener of settings.listeners) certificates(listener, findings, systemClock)
    findings.push(auditing(settings))
  }
  const privatePaths = settings === undefined ? [] : [...settings.configFiles, ...(settings.storage.type === 'lmdb' ? [settings.storage.path] : [])]
  for (const { check, status, detail, advice } of harden({ privatePaths })) findings.push({ area: check, status, detail, advice })
  return findings
}

function configuration(paths: readonly string[], findings: Finding[]): Settings | undefined {
  if (paths.length === 0) {
    findings.push({ area: 'configuration', status: 'warn', detail: 'none was given', advice: 'give it with -config' })
    return undefined
  }
  try {
    const settings = fromConfigFiles(paths)
    findings.push({ area: 'configuration', status: 'ok', detail: `read ${settings.configFiles.join(', ')}`, advice: '' })
    for (const warning of settings.warnings) findings.push({ area: 'configuration', status: 'warn', detail: warning, advice: '' })
    return settings
  } catch (error) {
    findings.push({ area: 'configuration', status: 'fail', detail: error instanceof Error ? error.message : 'it cannot be read', advice: 'mend it: the server will not start' })
    return undefined
  }
}

async function storage(settings: Settings, findings: Finding[]): Promise<void> {
  if (settings.storage.type === 'inmem') {
    findings.push({ area: 'storage', status: 'warn', detail: 'the data is gone when the server ends', advice: 'use storage "lmdb" for anything that has to stay' })
    return
  }
  const { path } = settings.storage
  if (!existsSync(path)) {
    findings.push({ area: 'storage', status: 'ok', detail: `${path} does not exist yet; the server makes it`, advice: '' })
    return
  }
  try {
    const driver = new LmdbDriver({ path })
    await driver.close()
    findings.push({ area: 'storage', status: 'ok', detail: `${path} opens`, advice: '' })
  } catch (error) {
    findings.push({ area: 'storage', status: 'warn', detail: error instanceof Error ? error.message : 'it cannot be opened', advice: 'if the server is running this is as it should be' })
  }
}

function certificates(listener: Settings['listeners'][number], findings: Finding[], clock: Clock): void {
  const area = `listener ${listener.address}`
  if (listener.type === 'unix') return
  if (listener.tls === undefined) {
    findings.push({ area, status: 'warn', detail: 'TLS is disabled: tokens and secrets cross the network in clear', advice: 'set tls_cert_file and tls_key_file' })
    return
  }
  try {
    const certificate = new X509Certificate(readFileSync(listener.tls.certFile))
    const fits = certificate.checkPrivateKey(createPrivateKey(readFileSync(listener.tls.keyFile)))
    const days = Math.floor((Date.parse(certificate.validTo) - clock.now()) / 86_400_000)
    if (!fits) findings.push({ area, status: 'fail', detail: 'the private key is not that of the certificate', advice: 'give a pair' })
    else if (days < 0) findings.push({ area, status: 'fail', detail: `the certificate ended ${certificate.validTo}`, advice: 'renew it' })
    else if (days < 30) findings.push({ area, status: 'warn', detail: `the certificate ends in ${days} days`, advice: 'renew it' })
    else findings.push({ area, status: 'ok', detail: `the certificate is good for ${days} days`, advice: '' })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    findings.push({ area, status: 'fail', detail: `certificate or key cannot be read (${code})`, advice: 'check tls_cert_file and tls_key_file' })
  }
}

function auditing(settings: Settings): Finding {
  if (settings.auditDevices.length > 0) return { area: 'audit', status: 'ok', detail: `${settings.auditDevices.length} device(s) declared`, advice: '' }
  return { area: 'audit', status: 'warn', detail: 'no audit device is declared: nothing is recorded unless one is enabled later', advice: 'add an audit stanza' }
}

const MARKS = { ok: '[ ok ]', warn: '[warn]', fail: '[FAIL]' } as const

function table(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map((finding) => finding.area.length))
  const lines = findings.flatMap(({ area, status, detail, advice }) => [
    `${MARKS[status]} ${area.padEnd(width)}  ${detail.replaceAll('\n', `\n${' '.repeat(width + 9)}`)}`,
    ...(advice === '' ? [] : [`${' '.repeat(width + 9)}→ ${advice}`]),
  ])
  return `Coffer diagnose\n\n${lines.join('\n')}\n`
}

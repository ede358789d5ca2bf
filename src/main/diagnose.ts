/** `coffer operator diagnose`: what would keep a server from starting, and what would weaken it. */
import { environmentReader } from '../cli/environment.ts'
import { CliFailure } from '../cli/failure.ts'
import { flag, type Flags } from '../cli/flags/flag.ts'
import { parseFlags } from '../cli/flags/parse.ts'
import { section } from '../cli/help/usage.ts'
import type { CliIo } from '../cli/io.ts'
import { harden } from '../core/hardening.ts'
import type { Environment } from '../config/index.ts'
import { systemClock, type Clock } from '../lib/clock.ts'
import {
  checkAudit,
  checkConfiguration,
  checkListener,
  checkSeal,
  checkRootTokens,
  checkStorage,
  type Finding,
} from './diagnose-checks.ts'
import { environmentOf } from './seal-environment.ts'

const flags = {
  config: flag.list({ usage: 'Configuration to check: a file or a folder. May be given several times.' }),
  format: flag.string({ usage: 'table or json.', initial: 'table' }),
} satisfies Flags

const help = () => `Usage: coffer operator diagnose [options]

  Checks what a server would find when it starts: configuration, storage, certificates, the process's
  own hardening. Makes no store and changes no data. The exit code is 0 when all is well, 1 when
  something fails, 2 when there are warnings.

      $ coffer operator diagnose -config=/etc/coffer/coffer.hcl

${section('Command Options', flags)}
`

export async function diagnoseCommand(args: readonly string[], io: CliIo): Promise<number> {
  if (args.some((arg) => /^--?h(elp)?$/.test(arg))) {
    io.stdout.write(help())
    return 0
  }
  try {
    const parsed = parseFlags(flags, args, environmentReader(io.env))
    const paths = parsed.values.get('config')
    const format = parsed.values.get('format')
    if (format !== 'table' && format !== 'json') throw new CliFailure('-format takes table or json', 1)
    const findings = await examine(Array.isArray(paths) ? paths.map(String) : [], systemClock, environmentOf(io.env))
    io.stdout.write(format === 'json' ? `${JSON.stringify(findings, null, 2)}\n` : table(findings))
    return exitCode(findings)
  } catch (error) {
    io.stderr.write(`${error instanceof Error ? error.message : 'diagnose failed'}\n`)
    return 1
  }
}

export async function examine(
  paths: readonly string[],
  clock: Clock,
  environment?: Environment,
): Promise<readonly Finding[]> {
  const { settings, findings } = checkConfiguration(paths, environment)
  const found = [...findings]
  if (settings !== undefined) {
    found.push(await checkStorage(settings))
    const rootTokens = await checkRootTokens(settings)
    if (rootTokens !== undefined) found.push(rootTokens)
    for (const seal of settings.seals) found.push(await checkSeal(seal, clock))
    for (const listener of settings.listeners) found.push(await checkListener(listener, clock))
    found.push(checkAudit(settings))
  }
  const privatePaths =
    settings === undefined
      ? []
      : [...settings.configFiles, ...(settings.storage.type === 'lmdb' ? [settings.storage.path] : [])]
  for (const { check, status, detail, advice } of harden({ privatePaths }))
    found.push({ area: check, status, detail, advice })
  return found
}

export function exitCode(findings: readonly Pick<Finding, 'status'>[]): number {
  if (findings.some(({ status }) => status === 'fail')) return 1
  return findings.some(({ status }) => status === 'warn') ? 2 : 0
}

const MARKS = { ok: '[ ok ]', warn: '[warn]', fail: '[FAIL]' } as const

export function table(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map((finding) => finding.area.length))
  const margin = ' '.repeat(width + 9)
  const lines = findings.flatMap(({ area, status, detail, advice }) => [
    `${MARKS[status]} ${area.padEnd(width)}  ${detail.replaceAll('\n', `\n${margin}`)}`,
    ...(advice === '' ? [] : [`${margin}→ ${advice}`]),
  ])
  return `Coffer diagnose\n\n${lines.join('\n')}\n`
}

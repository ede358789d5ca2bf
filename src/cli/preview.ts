/** Flags that count wherever they stand, even where the rest cannot be parsed: they say how to print the complaint. */
import { isTrue } from './client/settings.ts'
import { environmentReader } from './environment.ts'
import type { Environment } from './io.ts'

/** In lower case; it need not exist. */
export function formatNamed(argv: readonly string[], env: Environment): string {
  return (valueOf('format', argv) ?? environmentReader(env)('FORMAT') ?? 'table').toLowerCase()
}

export function switchOf(name: string, suffix: string, argv: readonly string[], env: Environment): boolean {
  for (const arg of beforeDashes(argv)) {
    if (arg === `-${name}` || arg === `--${name}`) return true
    const value = behindEquals(arg, name)
    if (value !== undefined) return isTrue(value)
  }
  const text = environmentReader(env)(suffix)
  return suffix === 'CLI_NO_COLOR' ? text !== undefined : isTrue(text)
}

function valueOf(name: string, argv: readonly string[]): string | undefined {
  const args = beforeDashes(argv)
  let found: string | undefined
  args.forEach((arg, i) => {
    found = (arg === `-${name}` || arg === `--${name}` ? args[i + 1] : behindEquals(arg, name)) ?? found
  })
  return found === '' ? undefined : found
}

function behindEquals(arg: string, name: string): string | undefined {
  const start = [`-${name}=`, `--${name}=`].find((prefix) => arg.startsWith(prefix))
  return start === undefined ? undefined : arg.slice(start.length)
}

function beforeDashes(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--')
  return end < 0 ? argv : argv.slice(0, end)
}

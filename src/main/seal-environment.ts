import type { CliIo } from '../cli/io.ts'
import type { Environment } from '../config/index.ts'

/** The variables that complete a seal's stanza. A `VAULT_…` one is also found as `COFFER_…` and `BAO_…`; an empty one is not set. */
export function environmentOf(env: CliIo['env']): Environment {
  return (name) => {
    const rest = /^VAULT_(.+)$/.exec(name)?.[1]
    const names = rest === undefined ? [name] : [`COFFER_${rest}`, name, `BAO_${rest}`]
    return names.map((one) => env[one]).find((value) => value !== undefined && value !== '')
  }
}

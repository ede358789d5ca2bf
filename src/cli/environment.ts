import type { Environment } from './io.ts'

/**
 * The environment variable COFFER_<suffix>, or else VAULT_<suffix>, so that scripts written for Vault work unchanged.
 * An empty one counts as absent.
 */
export function environmentReader(env: Environment): (suffix: string) => string | undefined {
  return (suffix) => nonEmpty(env[`COFFER_${suffix}`]) ?? nonEmpty(env[`VAULT_${suffix}`])
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}

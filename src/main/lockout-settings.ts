import type { Environment, ServerConfig } from '../config/index.ts'
import type { LockoutSettings } from '../request/lockout-ports.ts'

export function lockoutSettings(stanzas: ServerConfig['lockouts']): LockoutSettings {
  const byType = stanzas.map(({ type, lockoutThreshold, lockoutDuration, lockoutCounterReset, disableLockout }) => {
    const given = {
      ...(lockoutThreshold === undefined ? {} : { threshold: lockoutThreshold }),
      ...(lockoutDuration === undefined ? {} : { duration: lockoutDuration }),
      ...(lockoutCounterReset === undefined ? {} : { counterReset: lockoutCounterReset }),
      ...(disableLockout === undefined ? {} : { disable: disableLockout }),
    }
    return [type, given] as const
  })
  return { byType: new Map(byType), disabled: undefined }
}

/**
 * `VAULT_DISABLE_USER_LOCKOUT` counts over all that the configuration and mounts say: true locks nobody out, false does so in spite of
 * them. Throws where it is neither.
 */
export function withEnvironment(settings: LockoutSettings, environment: Environment): LockoutSettings {
  const text = environment('VAULT_DISABLE_USER_LOCKOUT')
  if (text === undefined) return settings
  if (!/^(1|t|true|0|f|false)$/i.test(text)) throw new Error('VAULT_DISABLE_USER_LOCKOUT takes true or false')
  return { ...settings, disabled: /^[1t]/i.test(text) }
}

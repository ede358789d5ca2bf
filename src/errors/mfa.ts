import { defineErrors } from './coffer-error.ts'

/** Vault's list form of several errors. */
function listed(texts: readonly string[]): string {
  const count = texts.length === 1 ? '1 error' : `${texts.length} errors`
  return `${count} occurred:\n${texts.map((text) => `\t* ${text}\n`).join('')}\n`
}

export const mfaErrors = defineErrors('MFA', {
  /** Factors are demanded of a log-in that has no entity. */
  NO_ENTITY: { status: 403, message: 'permission denied' },
  /** The factors that came with a log-in were not good. */
  REFUSED: { status: 403, message: 'permission denied' },
  BAD_HEADER: {
    status: 400,
    message: (p: { missing: string }) =>
      `failed to parse X-Vault-MFA header: invalid data in header "X-Vault-MFA"; missing ${p.missing}`,
  },
  NO_REQUEST_ID: { status: 400, message: 'missing request ID' },
  BAD_PAYLOAD: { status: 400, message: 'invalid mfa payload' },
  /** Unknown, over, used, or of another client. */
  UNKNOWN_REQUEST: { status: 400, message: 'invalid request ID' },
  /** Nothing is demanded any more: what changed since is looked at by a new log-in. */
  NOTHING_DEMANDED: { status: 400, message: 'found nil or empty MFAEnforcement configuration' },
  UNSATISFIED: {
    status: 403,
    message: (p: { enforcement: string; reasons: readonly string[]; methods: readonly string[] }) =>
      `failed to satisfy enforcement ${p.enforcement}. error: ` +
      listed([...p.reasons, `login MFA validation failed for methodID: [${p.methods.join(' ')}]`]),
  },
  /** Nothing was said to any of the enforcement's methods. */
  NOT_SHOWN: {
    status: 403,
    message: (p: { enforcement: string; methods: readonly { readonly id: string; readonly name: string }[] }) => {
      const reasons = p.methods.map(
        ({ id, name }) => `failed to find MFA credentials associated with an MFA method ID ${id}, method name ${name}`,
      )
      return `failed to satisfy enforcement ${p.enforcement}. error: failed to sanitize MFA creds, ${listed(reasons)}`
    },
  },
})

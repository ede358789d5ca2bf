import { definePath, f, type Infer, type PathDefinition } from '#framework'
import type { InitRequest, SystemPorts } from '../../../request/system-ports.ts'
import { systemErrors } from '../errors.ts'
import { rawJson, rawSchema } from '../raw.ts'

const statusReply = rawSchema('Whether there is a vault.', { initialized: f.bool('There is one.') })

const initReply = rawSchema('The shares of the unseal key or the recovery key and the root token, told once.', {
  keys: f.list(
    'The shares in hexadecimal; encrypted where PGP keys were given. None with a seal that opens by itself.',
  ),
  keys_base64: f.list('The shares in base64.'),
  recovery_keys: f.list('With such a seal: the shares of the recovery key in hexadecimal.').optional(),
  recovery_keys_base64: f.list('The same in base64.').optional(),
  root_token: f.string('The first token; encrypted where a PGP key was given.'),
})

const count = (description: string) => f.int(description).default(0)

const initFields = {
  secret_shares: count('How many shares the unseal key is split into.'),
  secret_threshold: count('How many shares it takes to unseal.'),
  pgp_keys: f.list('One PGP public key a share, base64 or armored: each share is encrypted to its key.').default([]),
  root_token_pgp_key: f.string('A PGP public key the root token is encrypted to.').default(''),
  stored_shares: f.int('Shares kept by the seal; the Shamir seal keeps none.').optional(),
  recovery_shares: count('Shares of the recovery key; for seals that unseal by themselves.'),
  recovery_threshold: count('How many shares of the recovery key are needed.'),
  recovery_pgp_keys: f.list('PGP public keys for the shares of the recovery key.').default([]),
}

export function initPaths({ lifecycle }: SystemPorts): readonly PathDefinition[] {
  return [
    definePath('init', {
      help: 'Initialize the server.',
      description:
        'Before anything is stored, a vault is made: its keys, its first policies and mounts, its root token.',
      params: {},
      flags: {
        rootNamespaceOnly: true,
        unauthenticated: true,
        whileSealed: true,
        unaudited: true,
        neverWrapped: true,
        place: 'node',
      },
    })
      .read({
        summary: 'Tell whether the server is initialized.',
        replies: { 200: statusReply },
        run: () => rawJson({ initialized: lifecycle.sealStatus().initialized }),
      })
      .compute({
        summary: 'Initialize the server.',
        fields: initFields,
        replies: { 200: initReply },
        run: async (c) => {
          assertForSeal(c.in, lifecycle.sealStatus())
          const made = await lifecycle.initialize(requestOf(c.in))
          const some = made.recoveryKeys.length > 0
          return rawJson({
            keys: made.keys,
            keys_base64: made.keysBase64,
            recovery_keys: some ? made.recoveryKeys : undefined,
            recovery_keys_base64: some ? made.recoveryKeysBase64 : undefined,
            root_token: made.rootToken,
          })
        },
      }),
  ]
}

type InitInput = Infer<typeof initFields>

function requestOf(given: InitInput): InitRequest {
  return {
    secretShares: given.secret_shares,
    secretThreshold: given.secret_threshold,
    pgpKeys: given.pgp_keys,
    rootTokenPgpKey: given.root_token_pgp_key,
    storedShares: given.stored_shares,
    recoveryShares: given.recovery_shares === 0 ? undefined : given.recovery_shares,
    recoveryThreshold: given.recovery_threshold === 0 ? undefined : given.recovery_threshold,
    recoveryPgpKeys: given.recovery_pgp_keys,
  }
}

/** Unseal shares are for seals opened by people, recovery shares for those that open by themselves. */
function assertForSeal(given: InitInput, seal: { readonly type: string; readonly recoverySeal: boolean }): void {
  const wrong = seal.recoverySeal
    ? (['secret_shares', 'secret_threshold', 'pgp_keys'] as const)
    : (['recovery_shares', 'recovery_threshold', 'recovery_pgp_keys'] as const)
  const set = wrong.filter((name) => {
    const value = given[name]
    return typeof value === 'number' ? value !== 0 : value.length > 0
  })
  if (set.length > 0) throw systemErrors.NOT_FOR_SEAL({ fields: set.join(','), seal: seal.type })
}

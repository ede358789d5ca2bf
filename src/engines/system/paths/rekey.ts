import { definePath, done, f, none, okData, replySchema, type PathDefinition, type Reply } from '#framework'
import type {
  CeremoniesPort,
  NewKeys,
  RekeyPort,
  RekeyStatus,
  VerificationStatus,
} from '../../../request/ceremony-ports.ts'
import type { Namespace } from '../../../request/request.ts'
import { ceremonyErrors } from '../../../errors/ceremony.ts'

interface CeremonyPorts {
  /** Of those who hold shares of a namespace's seal. Throws `REQUEST_UNSUPPORTED_PATH` where it has none. */
  ceremonies(namespace: Namespace): CeremoniesPort
}

const statusFields = {
  started: f.bool('An attempt is under way.'),
  nonce: f.string('Names it.'),
  t: f.int('Threshold of the shares to come.'),
  n: f.int('How many they are.'),
  progress: f.int('Shares given so far.'),
  required: f.int('Shares it takes.'),
  pgp_fingerprints: f.list('Fingerprints of the PGP keys.').optional(),
  backup: f.bool('The encrypted shares are kept.'),
  verification_required: f.bool('The new shares count only once they were shown.'),
  verification_nonce: f.string('Names their verification.').optional(),
}

const statusReply = replySchema('How far the replacement of the key shares is.', statusFields)

const updateReply = replySchema('How far it is; or the new shares, told once.', {
  ...statusFields,
  complete: f.bool('There are new shares.'),
  keys: f.list('They, in hexadecimal; encrypted where PGP keys were given.'),
  keys_base64: f.list('The same in base64.'),
})

const verificationReply = replySchema('How far the verification of the new shares is.', {
  started: f.bool('It is under way.'),
  nonce: f.string('Names it.'),
  t: f.int('Threshold of the new shares.'),
  n: f.int('How many they are.'),
  progress: f.int('Shares shown so far.'),
  complete: f.bool('The new shares count from now on.').optional(),
})

const backupReply = replySchema('The encrypted shares that were kept.', {
  nonce: f.string('Names the attempt that made them.'),
  keys: f.json('By fingerprint of the PGP key: the messages, in hexadecimal.'),
  keys_base64: f.json('The same in base64.'),
})

const initFields = {
  secret_shares: f.int('How many shares there shall be.').default(0),
  secret_threshold: f.int('How many of them it takes.').default(0),
  stored_shares: f.int('Shares kept by the seal; makes no difference.').optional(),
  pgp_keys: f.list('One PGP public key a share, in base64: each share is encrypted to its key.').default([]),
  backup: f.bool('Keep the encrypted shares in the storage, too.').default(false),
  require_verification: f.bool('Let the new shares count only once enough of them were shown.').default(false),
}

const shareFields = {
  key: f.string('A share, in hexadecimal or base64.').default('').sensitive(),
  nonce: f.string('Names the attempt that the share is for.').default(''),
}

const nonceField = f
  .string('Names the attempt. Whoever shows no token must give it, in the first ten minutes.')
  .optional()

type Target = 'root' | 'recovery'
/**
 * What distinguishes Vault's paths, which may be opened to anyone, from those that always need a token and are there in namespaces with seals
 * of their own, too.
 */
interface Family {
  readonly target: Target
  readonly init: 'rekey/init' | 'rekey-recovery-key/init' | 'rotate/root/init' | 'rotate/recovery/init'
  readonly update: 'rekey/update' | 'rekey-recovery-key/update' | 'rotate/root/update' | 'rotate/recovery/update'
  readonly verify: 'rekey/verify' | 'rekey-recovery-key/verify' | 'rotate/root/verify' | 'rotate/recovery/verify'
  readonly backup: 'rekey/backup' | 'rekey/recovery-key-backup' | 'rotate/root/backup' | 'rotate/recovery/backup'
  readonly operations: string
  readonly backupOperations: string
  readonly opens: boolean
}

const FAMILIES: readonly Family[] = [
  {
    target: 'root',
    init: 'rekey/init',
    update: 'rekey/update',
    verify: 'rekey/verify',
    backup: 'rekey/backup',
    operations: 'rekey',
    backupOperations: 'rekey-%-backup-key',
    opens: true,
  },
  {
    target: 'recovery',
    init: 'rekey-recovery-key/init',
    update: 'rekey-recovery-key/update',
    verify: 'rekey-recovery-key/verify',
    backup: 'rekey/recovery-key-backup',
    operations: 'rekey-recovery-key',
    backupOperations: 'rekey-%-backup-recovery-key',
    opens: true,
  },
  {
    target: 'root',
    init: 'rotate/root/init',
    update: 'rotate/root/update',
    verify: 'rotate/root/verify',
    backup: 'rotate/root/backup',
    operations: 'rotate-root',
    backupOperations: 'rotate-root-%-backup-key',
    opens: false,
  },
  {
    target: 'recovery',
    init: 'rotate/recovery/init',
    update: 'rotate/recovery/update',
    verify: 'rotate/recovery/verify',
    backup: 'rotate/recovery/backup',
    operations: 'rotate-recovery',
    backupOperations: 'rotate-recovery-%-backup-key',
    opens: false,
  },
]

/** All of it is the leader's: what was given so far is in its memory. */
export function rekeyPaths({ ceremonies }: CeremonyPorts): readonly PathDefinition[] {
  return [
    ...FAMILIES.flatMap((family) => pathsOf(family, (namespace, target) => ceremonies(namespace).rekey(target))),
    definePath('rotate/root', {
      help: 'Replace the root key.',
      description: 'With auto-unseal alone: a Shamir seal takes the shares that the root key is kept under.',
      params: {},
      flags: { sudo: true },
    }).compute({
      summary: 'Replace the root key, which stays with the key service.',
      operationId: 'root-key-rotate',
      replies: { 204: none },
      run: async (c) => {
        await ceremonies(c.request.namespace).rotateRootKey()
        return done()
      },
    }),
  ]
}

function pathsOf(
  family: Family,
  portOf: (namespace: Namespace, target: Target) => RekeyPort,
): readonly PathDefinition[] {
  const { target, operations, backupOperations, opens } = family
  const whose = target === 'root' ? 'unseal key, and the root key that they protect,' : 'recovery key'
  const leader = opens ? ({ place: 'leader', rootNamespaceOnly: true } as const) : ({ place: 'leader' } as const)
  const flags = opens ? ({ ...leader, anonymousBy: 'unauthenticatedRekey' } as const) : leader
  const port = (c: { readonly request: { readonly namespace: Namespace } }) => portOf(c.request.namespace, target)
  return [
    definePath(family.init, {
      help: `Replace the shares of the ${whose} by a quorum of those who hold them.`,
      description:
        'One attempt can be under way at a time. It ends when it is complete, canceled, or left alone for a day.',
      params: {},
      flags,
    })
      .read({
        summary: 'Tell how far an attempt is.',
        replies: { 200: statusReply },
        operationId: `${operations}-attempt-read-progress`,
        run: async (c) => statusOf(await port(c).status()),
      })
      .compute({
        summary: 'Begin to replace the shares.',
        fields: initFields,
        replies: { 200: updateReply },
        operationId: `${operations}-attempt-initialize`,
        run: async (c) => {
          const wish = {
            shares: c.in.secret_shares,
            threshold: c.in.secret_threshold,
            pgpKeys: c.in.pgp_keys,
            backup: c.in.backup,
            requireVerification: c.in.require_verification,
          }
          return stepOf(await port(c).begin(wish, c.caller !== undefined))
        },
      })
      .deleteApart({
        summary: 'Cancel the attempt that is under way.',
        fields: { nonce: nonceField },
        replies: { 204: none },
        operationId: `${operations}-attempt-cancel`,
        run: async (c) => {
          await port(c).cancel({ nonce: c.in.nonce, known: c.caller !== undefined })
          return done()
        },
      }),
    definePath(family.update, { help: 'Give a share towards new ones.', params: {}, flags }).compute({
      summary: 'Give a share of those that count now. The one that reaches the threshold makes the new ones.',
      fields: shareFields,
      replies: { 200: updateReply },
      operationId: `${operations}-attempt-update`,
      run: async (c) => {
        if (c.in.key === '') throw ceremonyErrors.NO_KEY()
        return stepOf(await port(c).submit(c.in.key, c.in.nonce))
      },
    }),
    definePath(family.verify, { help: 'Show the new shares, so that they count.', params: {}, flags })
      .read({
        summary: 'Tell how far the verification of the new shares is.',
        replies: { 200: verificationReply },
        operationId: `${operations}-verification-read-progress`,
        run: async (c) => verificationOf(await port(c).verification()),
      })
      .compute({
        summary: 'Show a new share. The one that reaches the threshold lets the new ones count.',
        fields: shareFields,
        replies: { 200: verificationReply },
        operationId: `${operations}-verification-update`,
        run: async (c) => {
          if (c.in.key === '') throw ceremonyErrors.NO_KEY()
          const step = await port(c).verify(c.in.key, c.in.nonce)
          return typeof step === 'string'
            ? okData({ nonce: step, complete: true }, { flatten: true })
            : verificationOf(step)
        },
      })
      .deleteApart({
        summary: 'Forget the new shares that were shown so far, and begin their verification anew.',
        fields: { nonce: nonceField },
        replies: { 200: verificationReply },
        operationId: `${operations}-verification-cancel`,
        run: async (c) =>
          verificationOf(await port(c).restartVerification({ nonce: c.in.nonce, known: c.caller !== undefined })),
      }),
    definePath(family.backup, { help: 'The encrypted shares that were kept.', params: {}, flags: leader })
      .read({
        summary: 'Read the encrypted shares that were kept.',
        replies: { 200: backupReply },
        operationId: backupOperations.replace('%', 'read'),
        run: async (c) => {
          const kept = await port(c).backup()
          if (kept === undefined) throw ceremonyErrors.NO_BACKUP()
          const base64 = [...kept.keys].map(
            ([name, list]) => [name, list.map((hex) => Buffer.from(hex, 'hex').toString('base64'))] as const,
          )
          return okData({ nonce: kept.nonce, keys: kept.keys, keys_base64: new Map(base64) }, { flatten: true })
        },
      })
      .deleteApart({
        summary: 'Remove the encrypted shares that were kept.',
        replies: { 204: none },
        operationId: backupOperations.replace('%', 'delete'),
        run: async (c) => {
          await port(c).deleteBackup()
          return done()
        },
      }),
  ]
}

function stepOf(step: RekeyStatus | NewKeys): Reply {
  return 'keys' in step ? keysOf(step) : statusOf(step)
}

function statusOf(status: RekeyStatus): Reply {
  return okData(
    {
      nonce: status.nonce,
      started: status.started,
      t: status.threshold,
      n: status.shares,
      progress: status.progress,
      required: status.required,
      pgp_fingerprints: status.pgpFingerprints ?? null,
      backup: status.backup,
      verification_required: status.verificationRequired,
      verification_nonce: status.verificationNonce === '' ? undefined : status.verificationNonce,
    },
    { flatten: true },
  )
}

/** The sentence for those who get shares of which nobody knows whether they count. */
const UNSETTLED =
  'The storage did not say whether the keys were replaced. Keep the key shares from before and the new ones until one of them has opened the vault.'

function keysOf(made: NewKeys): Reply {
  return okData(
    {
      nonce: made.nonce,
      complete: true,
      keys: made.keys,
      keys_base64: made.keysBase64,
      t: made.threshold,
      n: made.keys.length,
      pgp_fingerprints: made.pgpFingerprints ?? null,
      backup: made.backup,
      verification_required: made.verificationRequired,
      verification_nonce: made.verificationNonce === '' ? undefined : made.verificationNonce,
    },
    { flatten: true, ...(made.unsettled ? { warnings: [UNSETTLED] } : {}) },
  )
}

function verificationOf(status: VerificationStatus): Reply {
  return okData(
    {
      nonce: status.nonce,
      started: status.started,
      t: status.threshold,
      n: status.shares,
      progress: status.progress,
    },
    { flatten: true },
  )
}

import { definePath, done, f, none, ok, okData, replySchema, type PathDefinition, type Reply } from '#framework'
import type { CeremoniesPort, RootTokenStatus } from '../../../request/ceremony-ports.ts'
import type { Namespace } from '../../../request/request.ts'
import { ceremonyErrors } from '../../../errors/ceremony.ts'
import { decodeRootToken } from '../root-token.ts'

interface CeremonyPorts {
  /** Of those who hold shares of a namespace's seal. Throws `REQUEST_UNSUPPORTED_PATH` where it has none. */
  ceremonies(namespace: Namespace): CeremoniesPort
}

const statusReply = replySchema('How far the generation of a root token is.', {
  started: f.bool('One is under way.'),
  nonce: f.string('Names the attempt.'),
  progress: f.int('Key shares given so far.'),
  required: f.int('Key shares it takes.'),
  complete: f.bool('The token is made.'),
  encoded_token: f.string('The token, XORed with the one-time password and in base64, or encrypted to the PGP key.'),
  encoded_root_token: f.string('The same.'),
  pgp_fingerprint: f.string('Of the PGP key.'),
  otp: f.string('The one-time password, told once, where none was given.'),
  otp_length: f.int('Characters of the one-time password.'),
})

const tokenReply = replySchema('The token.', { token: f.string('In clear.').sensitive() })

const attemptFields = {
  otp: f
    .string('A one-time password of `otp_length` characters; made where neither it nor a key is given.')
    .default('')
    .sensitive(),
  pgp_key: f.string('A PGP public key in base64, which the token is encrypted to.').default(''),
  ttl: f.duration('Lifetime of the token; 0 for one that never expires.').default(0),
}

const shareFields = {
  key: f
    .string('A key share, in hexadecimal or base64: of the unseal key or, with auto-unseal, of the recovery key.')
    .default('')
    .sensitive(),
  nonce: f.string('Names the attempt that the share is for.').default(''),
}

/**
 * Vault's paths, which need a token unless the configuration opens them; and those of OpenBao, which always do, and are there in namespaces
 * with seals of their own, too. All of it is the leader's: what was given so far is in its memory.
 */
export function generateRootPaths({ ceremonies }: CeremonyPorts): readonly PathDefinition[] {
  const leader = { place: 'leader' } as const
  const root = { ...leader, rootNamespaceOnly: true } as const
  const opened = { ...root, anonymousBy: 'unauthenticatedGenerateRoot' } as const
  const attempt = (
    template: 'generate-root' | 'generate-root/attempt' | 'generate-root-token/attempt',
    flags: typeof leader | typeof root | typeof opened,
    operationSuffix: string,
  ) =>
    definePath(template, {
      help: 'The generation of a root token by those who hold key shares.',
      description:
        'One attempt can be under way at a time. It ends when it is complete, canceled, or left alone for a day.',
      params: {},
      flags,
    })
      .read({
        summary: 'Tell how far the generation of a root token is.',
        replies: { 200: statusReply },
        operationId: `root-token-generation-read-progress${operationSuffix}`,
        run: async (c) => replyOf(await ceremonies(c.request.namespace).rootToken.status()),
      })
      .compute({
        summary: 'Begin to generate a root token.',
        fields: attemptFields,
        replies: { 200: statusReply },
        operationId: `root-token-generation-initialize${operationSuffix}`,
        run: async (c) => {
          const wish = { otp: c.in.otp, pgpKey: c.in.pgp_key, ttl: c.in.ttl }
          return replyOf(await ceremonies(c.request.namespace).rootToken.begin(wish))
        },
      })
      .deleteApart({
        summary: 'Cancel the generation of a root token.',
        fields: {
          nonce: f
            .string('Names the attempt. Whoever shows no token must give it, in the first ten minutes.')
            .optional(),
        },
        replies: { 204: none },
        operationId: `root-token-generation-cancel${operationSuffix}`,
        run: async (c) => {
          await ceremonies(c.request.namespace).rootToken.cancel({ nonce: c.in.nonce, known: c.caller !== undefined })
          return done()
        },
      })
  const update = (
    template: 'generate-root/update' | 'generate-root-token/update',
    flags: typeof leader | typeof opened,
  ) =>
    definePath(template, {
      help: 'Give a key share towards the generation of a root token.',
      params: {},
      flags,
    }).compute({
      summary: 'Give a key share. The one that reaches the threshold makes the token.',
      fields: shareFields,
      replies: { 200: statusReply },
      operationId:
        template === 'generate-root/update'
          ? 'root-token-generation-update'
          : 'root-token-generation-update-authenticated',
      run: async (c) => {
        if (c.in.key === '') throw ceremonyErrors.NO_KEY()
        return replyOf(await ceremonies(c.request.namespace).rootToken.submit(c.in.key, c.in.nonce))
      },
    })
  return [
    attempt('generate-root', root, '-2'),
    attempt('generate-root/attempt', opened, ''),
    attempt('generate-root-token/attempt', leader, '-authenticated'),
    update('generate-root/update', opened),
    update('generate-root-token/update', leader),
    definePath('decode-token', {
      help: 'Decode a generated root token.',
      params: {},
      flags: { unauthenticated: true, place: 'anywhere' },
    }).compute({
      summary: 'Decode a token that was XORed with a one-time password.',
      fields: {
        encoded_token: f.string('The token, as its generation gave it.').default('').sensitive(),
        otp: f.string('The one-time password.').default('').sensitive(),
      },
      replies: { 200: tokenReply },
      operationId: 'decode',
      run: (c) => {
        if (c.in.encoded_token === '' || c.in.otp === '') throw ceremonyErrors.DECODE_EMPTY()
        return ok(tokenReply, { token: decodeRootToken(c.in.encoded_token, c.in.otp) })
      },
    }),
  ]
}

/** Clients of either kind: with the members in `data`, as everywhere, and beside it, as Vault had them. */
function replyOf(status: RootTokenStatus): Reply {
  return okData(
    {
      started: status.started,
      nonce: status.nonce,
      progress: status.progress,
      required: status.required,
      complete: status.complete,
      encoded_token: status.encodedToken,
      encoded_root_token: status.encodedToken,
      pgp_fingerprint: status.pgpFingerprint,
      otp: status.otp,
      otp_length: status.otpLength,
    },
    { flatten: true },
  )
}

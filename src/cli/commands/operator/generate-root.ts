import { randomInt } from 'node:crypto'
import type { Client } from '../../client/client.ts'
import { defineCommand } from '../../command.ts'
import { attempt, usageFailure } from '../../failure.ts'
import { flag } from '../../flags/flag.ts'
import { columns } from '../../output/columns.ts'
import { printData } from '../../output/print.ts'
import type { Ui } from '../../output/ui.ts'
import { wrap } from '../../output/wrap.ts'
import { booleanOf, member, numberOf, plainText, tree } from '../../tree.ts'
import type { JsonTree } from '../../tree.ts'
import { keyShare } from './key-share.ts'
import { readPgpKeys } from './pgp-keys.ts'

const PATH = 'sys/generate-root/attempt'
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

const flags = {
  init: flag.bool({ usage: 'Begin to generate a root token. It can be done if no attempt is under way.' }),
  cancel: flag.bool({ usage: 'Cancel the attempt that is under way: key shares that were given are forgotten.' }),
  status: flag.bool({ usage: 'Print how far the attempt is.' }),
  decode: flag.string({ usage: 'An encoded token to decode with -otp; "-" reads it from stdin.' }),
  'generate-otp': flag.bool({ usage: 'Print a one-time password for -init.' }),
  otp: flag.string({ usage: 'One-time password for -init or -decode.' }),
  'pgp-key': flag.string({ usage: 'File with a public PGP key, which the token is encrypted for.' }),
  ttl: flag.string({ usage: 'Lifetime of the token, such as 1h. Without it the token never expires.' }),
  nonce: flag.string({ usage: 'Nonce that the start of the attempt gave. It goes with each key share.' }),
  'dr-token': flag.bool({ usage: 'Not here: there is no replication.' }),
  'recovery-token': flag.bool({ usage: 'Not here: there is no recovery mode.' }),
}

export const command = defineCommand({
  usage: '[options] [KEY]',
  help: `  Generates a root token, for when there is none that could do what has to be done. As many of those who hold shares of the
  unseal key (or of the recovery key, with auto-unseal) as its threshold have to agree, each by giving a share. The token goes
  out encoded with a one-time password that whoever starts the attempt has, or encrypted for a PGP key.

      $ coffer operator generate-root -init
      $ coffer operator generate-root
      $ coffer operator generate-root -decode=ENCODED_TOKEN -otp=OTP

  Without a token the server has to be told to allow it: see enable_unauthenticated_access in its configuration.`,
  output: ['format'],
  flags,
  async run(run) {
    run.expectArgs(0, 1, '0-1')
    const { flags: given, ui } = run
    if (given['dr-token'])
      throw usageFailure('-dr-token is refused: there is no replication, so no secondary needs one')
    if (given['recovery-token']) throw usageFailure('-recovery-token is refused: there is no recovery mode')
    const client = (await run.client()).withSettings({ namespace: '' })
    if (given['generate-otp']) return generateOtp(ui, client)
    if (given.decode !== '') {
      const encoded = given.decode === '-' ? (await run.stdin()).trim() : given.decode
      return decode(ui, encoded, given.otp)
    }
    if (given.cancel) return cancel(ui, client, given.nonce)
    if (given.init) return init(ui, client, given)
    if (given.status) return printStatus(ui, await statusOf(client))
    const before = await statusOf(client)
    if (booleanOf(member(before, 'started')) !== true) {
      ui.error(
        wrap(
          'No root generation is in progress. Start a root generation by running "coffer operator generate-root -init".',
        ),
      )
      ui.warn(
        wrap(
          'If starting root generation using the OTP method and generating your own OTP, the length of the OTP string needs to be ' +
            `${numberOf(member(before, 'otp_length')) ?? 0} characters in length.`,
        ),
      )
      return 1
    }
    const share = await keyShare(
      {
        io: run.io,
        argument: run.args[0],
        mayNotAsk: run.http['non-interactive'],
        nonce: given.nonce,
        stdin: () => run.stdin(),
      },
      { what: 'Operation', kind: 'Unseal', current: plainText(member(before, 'nonce')) },
    )
    const update = { method: 'PUT', path: 'sys/generate-root/update', body: { ...share } } as const
    return printStatus(ui, dataOf(await attempt('Error posting unseal key', client.json(update))))
  },
})

async function statusOf(client: Client): Promise<JsonTree> {
  const asked = client.aside().json({ method: 'GET', path: PATH })
  return dataOf(await attempt('Error getting root generation status', asked))
}

async function init(
  ui: Ui,
  client: Client,
  given: { readonly otp: string; readonly 'pgp-key': string; readonly ttl: string },
): Promise<number> {
  const pgpKeys = readPgpKeys('pgp-key', given['pgp-key'])
  if (pgpKeys.length > 1) throw usageFailure('-pgp-key: can only specify one pgp key')
  if (given.otp !== '' && pgpKeys.length > 0)
    throw usageFailure('Error initializing: cannot specify both -otp and -pgp-key')
  const body = { otp: given.otp, pgp_key: pgpKeys[0] ?? '', ...(given.ttl === '' ? {} : { ttl: given.ttl }) }
  const answer = client.json({ method: 'PUT', path: PATH, body })
  return printStatus(ui, dataOf(await attempt('Error initializing root generation', answer)))
}

/** The nonce goes along, so that nobody cancels what another has begun meanwhile. */
async function cancel(ui: Ui, client: Client, nonce: string): Promise<number> {
  const named = nonce === '' ? plainText(member(await statusOf(client), 'nonce')) : nonce
  const body = named === '' ? {} : { nonce: named }
  await attempt('Error canceling root token generation', client.send({ method: 'DELETE', path: PATH, body }))
  ui.print('Success! Root token generation canceled (if it was started)')
  return 0
}

async function generateOtp(ui: Ui, client: Client): Promise<number> {
  const length = numberOf(member(await statusOf(client), 'otp_length')) ?? 0
  const otp = Array.from({ length }, () => BASE62.charAt(randomInt(BASE62.length))).join('')
  if (!ui.isTable) return printData(ui, tree({ otp, otp_length: length }))
  ui.printRaw(otp)
  return 0
}

/** Without the server: neither the token nor the password leaves this machine. */
async function decode(ui: Ui, encoded: string, otp: string): Promise<number> {
  if (encoded === '')
    throw usageFailure('Missing encoded value. When using -decode="-" value must be passed via stdin.')
  if (otp === '') throw usageFailure('Missing otp: use -otp to supply it')
  const bytes = Buffer.from(encoded, 'base64')
  const password = Buffer.from(otp)
  if (password.length !== bytes.length || !/^[A-Za-z0-9+/]+=*$/.test(encoded))
    throw usageFailure('Error decoding root token: it is not one that was encoded with this one-time password')
  const token = Buffer.from(bytes.map((byte, i) => byte ^ (password[i] ?? 0))).toString()
  if (!ui.isTable) return printData(ui, tree({ token }))
  ui.printRaw(token)
  return 0
}

/** Older servers answer without an envelope. */
function dataOf(answer: JsonTree): JsonTree {
  return member(answer, 'data') ?? answer
}

async function printStatus(ui: Ui, status: JsonTree): Promise<number> {
  if (!ui.isTable) return printData(ui, status, true)
  const text = (name: string): string => plainText(member(status, name))
  const encoded = text('encoded_token') || text('encoded_root_token')
  if (text('otp') !== '')
    ui.warn(
      wrap(
        'A One-Time-Password has been generated for you and is shown in the OTP field. You will need this value to decode the ' +
          'resulting root token, so keep it safe.',
      ),
    )
  const rows: (readonly [string, string])[] = [
    ['Nonce', text('nonce')],
    ['Started', text('started')],
    ['Progress', `${text('progress')}/${text('required')}`],
    ['Complete', text('complete')],
    ...(text('pgp_fingerprint') === '' ? [] : [['PGP Fingerprint', text('pgp_fingerprint')] as const]),
    ...(encoded === '' ? [] : [['Encoded Token', encoded] as const]),
    ...(text('otp') === '' ? [] : [['OTP', text('otp')] as const]),
    ...(Number(text('otp_length')) > 0 ? [['OTP Length', text('otp_length')] as const] : []),
  ]
  ui.print(columns(rows))
  return 0
}

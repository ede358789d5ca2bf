/** `operator rekey` and `operator rotate-keys`: the same work by paths of Vault's, or by those that always need a token. */
import type { Client } from '../../client/client.ts'
import { type Command, defineCommand } from '../../command.ts'
import { attempt, usageFailure } from '../../failure.ts'
import { flag, type Values } from '../../flags/flag.ts'
import { table } from '../../output/columns.ts'
import { printData, printSecret } from '../../output/print.ts'
import type { Ui } from '../../output/ui.ts'
import { wrap } from '../../output/wrap.ts'
import { booleanOf, member, plainText, stringsOf, tree } from '../../tree.ts'
import type { JsonTree } from '../../tree.ts'
import { keyShare } from './key-share.ts'
import { readPgpKeys } from './pgp-keys.ts'

interface Paths {
  readonly init: string
  readonly update: string
  readonly verify: string
  readonly backup: string
}

/** What one of the two commands calls its work, and where it is done. */
export interface RekeyWords {
  readonly command: 'rekey' | 'rotate-keys'
  readonly noun: 'rekey' | 'rotation'
  readonly Noun: 'Rekey' | 'Rotation'
  readonly help: string
  readonly barrier: Paths
  readonly recovery: Paths
}

const flags = {
  init: flag.bool({ usage: 'Begin. It can be done if no attempt is under way.' }),
  cancel: flag.bool({
    usage: 'Cancel the attempt: key shares that were given are forgotten. With -verify, begin its verification anew.',
  }),
  status: flag.bool({ usage: 'Print how far the attempt is; with -verify, its verification.' }),
  'key-shares': flag.int({ aliases: ['n'], initial: 5, usage: 'How many new shares there shall be.' }),
  'key-threshold': flag.int({ aliases: ['t'], initial: 3, usage: 'How many of them it takes.' }),
  nonce: flag.string({ usage: 'Nonce that the start of the attempt gave. It goes with each key share.' }),
  target: flag.string({
    initial: 'barrier',
    usage: 'Whose shares: "barrier" for the unseal key, "recovery" with auto-unseal.',
  }),
  verify: flag.bool({
    usage:
      'With -init: the new shares count only once enough of them were shown. Otherwise: what is done is about that.',
  }),
  'pgp-keys': flag.string({
    usage:
      'Files with public PGP keys, separated by commas: as many as there are new shares, each of which is encrypted for one of them.',
  }),
  backup: flag.bool({ usage: 'Keep the encrypted shares in the storage, too.' }),
  'backup-retrieve': flag.bool({ usage: 'Print the encrypted shares that were kept.' }),
  'backup-delete': flag.bool({ usage: 'Remove the encrypted shares that were kept.' }),
}

type Given = Values<typeof flags>

export function rekeyCommand(words: RekeyWords): Command {
  return defineCommand({
    usage: '[options] [KEY]',
    help: words.help,
    output: ['format'],
    flags,
    async run(run) {
      run.expectArgs(0, 1, '0-1')
      const { flags: given, ui } = run
      const ceremony = new Ceremony(words, given, ui, (await run.client()).withSettings({ namespace: '' }))
      if (given['backup-delete']) return ceremony.deleteBackup()
      if (given['backup-retrieve']) return ceremony.printBackup()
      if (given.cancel) return ceremony.cancel()
      if (given.init) return ceremony.init()
      if (given.status) return ceremony.printStatus()
      const before = await ceremony.status()
      if (booleanOf(member(before, 'started')) !== true) {
        ui.error(
          wrap(`No ${words.noun} is in progress. Start one by running "coffer operator ${words.command} -init".`),
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
        { what: `${words.Noun} operation`, kind: ceremony.kind, current: plainText(member(before, 'nonce')) },
      )
      return ceremony.submit(share, before)
    },
  })
}

class Ceremony {
  readonly #words: RekeyWords
  readonly #given: Given
  readonly #ui: Ui
  readonly #client: Client
  readonly #paths: Paths
  readonly #recovery: boolean

  constructor(words: RekeyWords, given: Given, ui: Ui, client: Client) {
    const target = given.target.trim().toLowerCase()
    if (!['barrier', 'recovery', 'hsm'].includes(target)) throw usageFailure(`Unknown target: ${given.target}`)
    this.#words = words
    this.#given = given
    this.#ui = ui
    this.#client = client
    this.#recovery = target !== 'barrier'
    this.#paths = this.#recovery ? words.recovery : words.barrier
  }

  get kind(): 'Unseal' | 'Recovery' {
    return this.#recovery ? 'Recovery' : 'Unseal'
  }

  async status(): Promise<JsonTree> {
    const path = this.#given.verify ? this.#paths.verify : this.#paths.init
    const asked = this.#client.aside().json({ method: 'GET', path })
    return dataOf(await attempt(`Error reading ${this.#words.noun} status`, asked))
  }

  async printStatus(): Promise<number> {
    return this.#print(await this.status(), this.#given.verify)
  }

  async init(): Promise<number> {
    const given = this.#given
    const pgpKeys = readPgpKeys('pgp-keys', given['pgp-keys'])
    const body = {
      secret_shares: given['key-shares'],
      secret_threshold: given['key-threshold'],
      pgp_keys: pgpKeys,
      backup: given.backup,
      require_verification: given.verify,
    }
    const asked = this.#client.json({ method: 'PUT', path: this.#paths.init, body })
    const answer = dataOf(await attempt(`Error initializing ${this.#words.noun}`, asked))
    if (booleanOf(member(answer, 'complete')) === true) return this.#printKeys(answer, answer)
    if (this.#ui.isTable) this.#warnOfLoss(pgpKeys.length > 0)
    return this.#print(answer, false)
  }

  /** The nonce goes along, so that nobody cancels what another has begun meanwhile. */
  async cancel(): Promise<number> {
    const { verify, nonce } = this.#given
    const named = nonce === '' ? plainText(member(await this.status(), 'nonce')) : nonce
    const path = verify ? this.#paths.verify : this.#paths.init
    const body = named === '' ? {} : { nonce: named }
    await attempt(`Error canceling ${this.#words.noun}`, this.#client.send({ method: 'DELETE', path, body }))
    this.#ui.print(`Success! Canceled ${this.#words.noun === 'rekey' ? 'rekeying' : 'rotation'} (if it was started)`)
    return 0
  }

  async submit(share: { readonly key: string; readonly nonce: string }, before: JsonTree): Promise<number> {
    const { verify } = this.#given
    const path = verify ? this.#paths.verify : this.#paths.update
    const asked = this.#client.json({ method: 'PUT', path, body: { ...share } })
    const answer = await attempt(`Error posting ${this.kind.toLowerCase()} key`, asked)
    const data = dataOf(answer)
    if (booleanOf(member(data, 'complete')) !== true) return this.#print(data, verify)
    if (!verify) return this.#printKeys(data, before, stringsOf(member(answer, 'warnings')) ?? [])
    this.#ui.print(
      wrap(
        `${this.#words.Noun} verification successful. The ${this.#words.noun} operation is complete and the new keys are now active.`,
      ),
    )
    return 0
  }

  async printBackup(): Promise<number> {
    const asked = this.#client.send({ method: 'GET', path: this.#paths.backup })
    const secret = await attempt(`Error retrieving ${this.#words.noun} backed up keys`, asked)
    return secret === undefined ? 0 : printSecret(this.#ui, secret)
  }

  async deleteBackup(): Promise<number> {
    const asked = this.#client.send({ method: 'DELETE', path: this.#paths.backup })
    await attempt(`Error deleting ${this.#words.noun} backed up keys`, asked)
    this.#ui.print('Success! Deleted backed up keys (if they existed)')
    return 0
  }

  #warnOfLoss(encrypted: boolean): void {
    const kind = this.kind.toLowerCase()
    if (!encrypted)
      this.#ui.warn(
        wrap(
          'WARNING! If you lose the keys after they are returned, there is no recovery. Consider canceling this operation and ' +
            `re-initializing with the -pgp-keys flag to protect the returned ${kind} keys along with -backup to allow recovery of the ` +
            'encrypted keys in case of emergency. You can delete the backed up keys later using the -backup-delete flag.',
        ) + '\n',
      )
    else if (!this.#given.backup)
      this.#ui.warn(
        wrap(
          `WARNING! You are using PGP keys for encrypting the resulting ${kind} keys, but you did not enable the option to backup the ` +
            'keys. If you lose the encrypted keys after they are returned, you will not be able to recover them. Consider canceling this ' +
            'operation and re-running with -backup.',
        ) + '\n',
      )
    if (!this.#given.verify)
      this.#ui.warn(
        wrap(
          'WARNING! The new keys take the place of the present ones before anybody has received them: if this command or its ' +
            'connection is cut off then, they are lost. With -verify they do so only once enough of them were shown.',
        ) + '\n',
      )
  }

  async #print(status: JsonTree, isVerification: boolean): Promise<number> {
    if (!this.#ui.isTable) return printData(this.#ui, status, true)
    this.#ui.print(
      table(['Key', 'Value'], isVerification ? verificationRows(status) : statusRows(status, this.#words.Noun)),
    )
    return 0
  }

  async #printKeys(answer: JsonTree, before: JsonTree, warnings: readonly string[] = []): Promise<number> {
    const ui = this.#ui
    if (!ui.isTable) return printData(ui, answer, true)
    const keys = stringsOf(member(answer, 'keys_base64')) ?? []
    if (keys.length === 0) {
      ui.print('\nBarrier root key rotated using recovery keys.')
      return 0
    }
    const prints = stringsOf(member(answer, 'pgp_fingerprints')) ?? []
    const shown = keys.map((key, i) =>
      prints[i] === undefined ? `Key ${i + 1}: ${key}` : `Key ${i + 1} fingerprint: ${prints[i]}; value: ${key}`,
    )
    ui.print(`\n${shown.join('\n')}`)
    ui.print(`\nOperation nonce: ${plainText(member(answer, 'nonce'))}`)
    for (const warning of warnings) ui.warn(`\n${wrap(`WARNING! ${warning}`)}`)
    if (booleanOf(member(answer, 'backup')) === true)
      ui.print(
        `\n${wrap(
          `The encrypted ${this.kind.toLowerCase()} keys are kept in the storage. Remove them at any time using ` +
            `"coffer operator ${this.#words.command} -backup-delete${this.#recovery ? ' -target=recovery' : ''}". Coffer does not ` +
            'remove them by itself.',
        )}`,
      )
    const n = plainText(member(before, 'n'))
    const t = plainText(member(before, 't'))
    if (booleanOf(member(answer, 'verification_required')) !== true) {
      ui.print(`\n${wrap(this.#advice(n, t))}`)
      return 0
    }
    ui.print(
      `\n${wrap(
        `Coffer has created a new ${this.kind.toLowerCase()} key, split into ${n} key shares and a key threshold of ${t}. These will ` +
          'not be active until after verification is complete. Please securely distribute the key shares printed above.',
      )}`,
    )
    ui.warn(
      `\n${wrap(
        'Again, these key shares are _not_ valid until verification is performed. Do not lose or discard your current key shares ' +
          `until after verification is complete. If you cancel the ${this.#words.noun} process or seal Coffer before verification is ` +
          'complete the new shares will be discarded and the current shares will remain valid.',
      )}\n\nThe current verification status, including initial nonce, is shown below.\n`,
    )
    const asked = this.#client.aside().json({ method: 'GET', path: this.#paths.verify })
    return this.#print(dataOf(await attempt(`Error reading ${this.#words.noun} status`, asked)), true)
  }

  #advice(n: string, t: string): string {
    const what = `Coffer ${this.kind.toLowerCase()} keys ${this.#words.noun === 'rekey' ? 'rekeyed' : 'rotated'} to ${n} key shares and a key threshold of ${t}. Please securely distribute the key shares printed above.`
    return this.#recovery
      ? what
      : `${what} When Coffer is re-sealed, restarted, or stopped, you must supply at least ${t} of these keys to unseal it before it can start servicing requests.`
  }
}

/** Older servers answer without an envelope. */
function dataOf(answer: JsonTree): JsonTree {
  return member(answer, 'data') ?? tree(answer)
}

type Row = readonly [string, string]

function statusRows(status: JsonTree, noun: string): Row[] {
  const text = (name: string): string => plainText(member(status, name))
  const rows: Row[] = [
    ['Nonce', text('nonce')],
    ['Started', text('started')],
  ]
  if (text('started') === 'true') {
    const verifying = text('verification_nonce') !== ''
    rows.push([
      `${noun} Progress`,
      `${text('progress')}/${text('required')}${verifying ? ' (verification in progress)' : ''}`,
    ])
    if (Number(text('n')) > 0) rows.push(['New Shares', text('n')])
    if (Number(text('t')) > 0) rows.push(['New Threshold', text('t')])
    rows.push(['Verification Required', text('verification_required')])
    if (verifying) rows.push(['Verification Nonce', text('verification_nonce')])
  }
  const prints = stringsOf(member(status, 'pgp_fingerprints')) ?? []
  if (prints.length > 0) rows.push(['PGP Fingerprints', `[${prints.join(' ')}]`], ['Backup', text('backup')])
  return rows
}

function verificationRows(status: JsonTree): Row[] {
  const text = (name: string): string => plainText(member(status, name))
  return [
    ['Started', text('started')],
    ['New Shares', text('n')],
    ['New Threshold', text('t')],
    ['Verification Nonce', text('nonce')],
    ['Verification Progress', `${text('progress')}/${text('t')}`],
  ]
}

import { readFileSync } from 'node:fs'
import type { Secret } from '../../client/secret.ts'
import { defineCommand } from '../../command.ts'
import { attempt, reasonOf, usageFailure } from '../../failure.ts'
import { flag } from '../../flags/flag.ts'
import { printSecret } from '../../output/print.ts'
import type { Ui } from '../../output/ui.ts'
import { sanitizePath } from '../../paths.ts'
import { itemsOf, plainText } from '../../tree.ts'
import { readPgpKeys } from '../operator/pgp-keys.ts'
import { printWritten } from '../shared/written.ts'
import { customMetadata } from './metadata.ts'

export const command = defineCommand({
  usage: '[options] PATH',
  help: `  Creates a namespace directly below the one of -namespace or VAULT_NAMESPACE. With -key-shares, or -seal, it has a seal of its
  own: its keys are split into shares, which are shown this one time, and it is sealed until it is given enough of them.

      $ coffer namespace create team-a
      $ coffer namespace create -namespace=team-a -custom-metadata=owner=ops dev
      $ coffer namespace create -key-shares=5 -key-threshold=3 team-b`,
  output: ['format', 'field'],
  flags: {
    'custom-metadata': customMetadata,
    seal: flag.string({ usage: 'File with the one seal stanza that the namespace is to have, in HCL or JSON.' }),
    'key-shares': flag.int({ aliases: ['n'], usage: 'How many shares the unseal key of the namespace is split into.' }),
    'key-threshold': flag.int({ aliases: ['t'], usage: 'How many of the shares unseal it.' }),
    'pgp-keys': flag.string({
      usage:
        'Files with public PGP keys, separated by commas: as many as there are shares, each of which is encrypted for one of them.',
    }),
  },
  async run(run) {
    run.expectArgs(1)
    const name = sanitizePath(run.arg(0))
    const seal = sealIn(run.flags.seal, run.flags['key-shares'], run.flags['key-threshold'])
    const body = {
      custom_metadata: new Map(run.flags['custom-metadata']),
      ...(seal === undefined ? {} : { seal, pgp_keys: readPgpKeys('pgp-keys', run.flags['pgp-keys']) }),
    }
    const secret = await attempt('Error creating namespace', (await run.client()).write(`sys/namespaces/${name}`, body))
    if (seal !== undefined && secret !== undefined && run.ui.isTable && run.ui.field === '')
      return printShares(run.ui, secret)
    return printWritten(run.ui, secret, `Namespace created at: ${name}/`)
  },
})

function sealIn(file: string, shares: number, threshold: number): string | undefined {
  if (file !== '') {
    try {
      return readFileSync(file, 'utf8')
    } catch (error) {
      throw usageFailure(`-seal: ${reasonOf(error)}`)
    }
  }
  if (shares === 0 && threshold === 0) return undefined
  return `seal "shamir" {\n    shares = ${shares}\n    threshold = ${threshold}\n}`
}

/** As after an initialisation: first the shares, then the rest. */
function printShares(ui: Ui, secret: Secret): Promise<number> {
  const data = new Map(secret.data)
  const shares = itemsOf(data.get('key_shares')) ?? []
  const threshold = plainText(data.get('key_threshold'))
  for (const [i, share] of shares.entries()) ui.print(`Unseal Key ${i + 1}: ${plainText(share)}`)
  ui.print(
    `\nNamespace initialized with ${shares.length} key shares and a key threshold of ${threshold}. It is sealed. Distribute the shares:\n` +
      `they are not shown again, and without ${threshold} of them nobody reads what the namespace holds.\n`,
  )
  data.delete('key_shares')
  data.delete('key_threshold')
  return printSecret(ui, { ...secret, data })
}

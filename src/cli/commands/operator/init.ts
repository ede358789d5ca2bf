import type { Client } from '../../client/client.ts'
import { defineCommand } from '../../command.ts'
import { attempt, usageFailure } from '../../failure.ts'
import { flag } from '../../flags/flag.ts'
import type { Values } from '../../flags/flag.ts'
import { printData } from '../../output/print.ts'
import { booleanOf, member, tree } from '../../tree.ts'
import type { Ui } from '../../output/ui.ts'
import { machineForm, printKeys } from './init-output.ts'
import type { InitRequest } from './init-output.ts'
import { readPgpKeys } from './pgp-keys.ts'

const notInitialized = 2
const defaults = { shares: 5, threshold: 3 }

const flags = {
  status: flag.bool({
    usage: 'Only print whether the server is initialized. The exit code is 0 if it is, 2 if it is not, 1 for an error.',
  }),
  'key-shares': flag.int({ aliases: ['n'], usage: 'How many shares the unseal key is split into: 5 if not given.' }),
  'key-threshold': flag.int({ aliases: ['t'], usage: 'How many of the shares unseal the server: 3 if not given.' }),
  'pgp-keys': flag.string({
    usage:
      'Files with public PGP keys, separated by commas: as many as there are shares, each of which is encrypted for one of them.',
  }),
  'root-token-pgp-key': flag.string({ usage: 'File with a public PGP key, which the root token is encrypted for.' }),
  'recovery-shares': flag.int({
    initial: defaults.shares,
    usage: 'How many shares the recovery key is split into. With auto-unseal only.',
  }),
  'recovery-threshold': flag.int({
    initial: defaults.threshold,
    usage: 'How many of those make up the recovery key. With auto-unseal only.',
  }),
  'recovery-pgp-keys': flag.string({
    usage: 'Like -pgp-keys, for the shares of the recovery key. With auto-unseal only.',
  }),
}

export const command = defineCommand({
  usage: '[options]',
  help: `  Initializes a server: it makes its keys, splits the unseal key into shares, and gives out shares and root token. They are
  shown this one time. It can be done once in the life of a storage, whatever the number of its servers.

      $ coffer operator init
      $ coffer operator init -key-shares=3 -key-threshold=2 -pgp-keys=ann.asc,bob.asc,eve.asc -root-token-pgp-key=ann.asc`,
  output: ['format'],
  flags,
  async run(run) {
    run.expectArgs(0)
    const client = (await run.client()).withSettings({ namespace: '' })
    if (run.flags.status) return printStatus(run.ui, client)
    const request = await requestFor(run.flags, client)
    const answer = await attempt(
      'Error initializing',
      client.json({ method: 'PUT', path: 'sys/init', body: { ...request } }),
    )
    if (!run.ui.isTable) return printData(run.ui, machineForm(request, answer), true)
    printKeys(run.ui, request, answer)
    return 0
  },
})

async function requestFor(values: Values<typeof flags>, client: Client): Promise<InitRequest> {
  const tokenKeys = readPgpKeys('root-token-pgp-key', values['root-token-pgp-key'])
  if (tokenKeys.length > 1) throw usageFailure('-root-token-pgp-key: can only specify one pgp key')
  const pgpKeys = readPgpKeys('pgp-keys', values['pgp-keys'])
  const recoveryKeys = readPgpKeys('recovery-pgp-keys', values['recovery-pgp-keys'])
  const status = await attempt(
    'Error checking seal status',
    client.aside().json({ method: 'GET', path: 'sys/seal-status' }),
  )
  const auto = booleanOf(member(status, 'recovery_seal')) === true
  return {
    secret_shares: values['key-shares'] || (auto ? 0 : defaults.shares),
    secret_threshold: values['key-threshold'] || (auto ? 0 : defaults.threshold),
    pgp_keys: pgpKeys,
    recovery_shares: auto ? values['recovery-shares'] : 0,
    recovery_threshold: auto ? values['recovery-threshold'] : 0,
    recovery_pgp_keys: recoveryKeys,
    root_token_pgp_key: tokenKeys[0] ?? '',
  }
}

async function printStatus(ui: Ui, client: Client): Promise<number> {
  const answer = await attempt('Error checking init status', client.json({ method: 'GET', path: 'sys/init' }), 1)
  const initialized = booleanOf(member(answer, 'initialized')) === true
  if (ui.isTable) ui.print(`Coffer is ${initialized ? '' : 'not '}initialized`)
  else await printData(ui, tree({ Initialized: initialized }))
  return initialized ? 0 : notInitialized
}

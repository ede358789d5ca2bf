import { rekeyCommand } from './rekeying.ts'

export const command = rekeyCommand({
  command: 'rekey',
  noun: 'rekey',
  Noun: 'Rekey',
  help: `  Makes a new unseal key and splits it into shares, in place of the present one; with auto-unseal and -target=recovery, a new
  recovery key. The root key that they protect is replaced, too. As many of those who hold shares now as the threshold have to
  agree, each by giving a share. The server goes on answering meanwhile.

      $ coffer operator rekey -init -key-shares=5 -key-threshold=3 -verify
      $ coffer operator rekey
      $ coffer operator rekey -verify
      $ coffer operator rekey -init -key-shares=2 -key-threshold=2 -pgp-keys=ann.asc,bob.asc -backup`,
  barrier: {
    init: 'sys/rekey/init',
    update: 'sys/rekey/update',
    verify: 'sys/rekey/verify',
    backup: 'sys/rekey/backup',
  },
  recovery: {
    init: 'sys/rekey-recovery-key/init',
    update: 'sys/rekey-recovery-key/update',
    verify: 'sys/rekey-recovery-key/verify',
    backup: 'sys/rekey/recovery-key-backup',
  },
})

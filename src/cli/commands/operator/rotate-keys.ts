import { rekeyCommand, type RekeyWords } from './rekeying.ts'

export const command = rekeyCommand({
  command: 'rotate-keys',
  noun: 'rotation',
  Noun: 'Rotation',
  help: `  Does what "operator rekey" does, by paths that need a token whatever the configuration says: a new unseal key (or recovery
  key), split into shares, in place of the present one, by a quorum of those who hold shares now.

      $ coffer operator rotate-keys -init -key-shares=5 -key-threshold=3 -verify
      $ coffer operator rotate-keys
      $ coffer operator rotate-keys -verify`,
  barrier: pathsOf('root'),
  recovery: pathsOf('recovery'),
})

function pathsOf(target: 'root' | 'recovery'): RekeyWords['barrier'] {
  const at = (name: string): string => `sys/rotate/${target}/${name}`
  return { init: at('init'), update: at('update'), verify: at('verify'), backup: at('backup') }
}

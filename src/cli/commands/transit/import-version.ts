import { defineCommand } from '../../command.ts'
import { importKey } from './import-key.ts'

export const command = defineCommand({
  usage: '[options] PATH KEY [OPTIONS K=V...]',
  help: `  Adds a version to a key that was imported, or the private key to a version that has only its public key. KEY is
  base64, or @ and a file that holds it.

      $ coffer transit import-version transit/keys/old @next.b64`,
  run: (run) => importKey(run, 'import_version'),
})

import { defineCommand } from '../../command.ts'
import { importKey } from './import-key.ts'

export const command = defineCommand({
  usage: '[options] PATH KEY [OPTIONS K=V...]',
  help: `  Brings a key along into the transit engine, wrapped so that nobody on the way sees it. PATH is that of the key, which must not
  be there yet. KEY is base64, or @ and a file that holds it: of the bytes of a symmetric key, or of PKCS #8 in DER.

      $ coffer transit import transit/keys/old @key.b64 type=rsa-2048 allow_rotation=true`,
  run: (run) => importKey(run, 'import'),
})

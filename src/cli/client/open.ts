import { environmentReader } from '../environment.ts'
import { failure, reasonOf } from '../failure.ts'
import type { CliIo } from '../io.ts'
import { Client } from './client.ts'
import { clientSettings } from './settings.ts'
import type { HttpValues } from './settings.ts'
import { readTokenFile, tokenFile } from './token-file.ts'
import { httpTransport } from './transport.ts'

/** A client with the token of the environment, or else of the token file. Throws `CliFailure`. */
export function openClient(flags: HttpValues, io: CliIo): Client {
  const settings = clientSettings(flags, io.env)
  return new Client({ settings, transport: httpTransport(settings), token: currentToken(io), sleep: io.sleep })
}

/** Empty if there is none. */
export function currentToken(io: CliIo): string {
  const variable = environmentReader(io.env)
  const fromEnvironment = variable('TOKEN')
  if (fromEnvironment !== undefined) return fromEnvironment
  const path = tokenFile(io.home, variable('TOKEN_PATH'))
  try {
    return readTokenFile(path)
  } catch (error) {
    throw failure(`failed to get token from token helper: ${reasonOf(error)}`)
  }
}

import { section } from '../cli/help/usage.ts'
import { serverFlags } from './server-flags.ts'

export function serverHelp(): string {
  return `Usage: coffer server [options]

  Starts a server. A production server takes its configuration from files:

      $ coffer server -config=/etc/coffer/coffer.hcl

  A development server needs none. It opens itself and is not safe:

      $ coffer server -dev-persistent

  SIGHUP reloads certificates and log levels, and reopens log and audit files; SIGTERM stops the server
  in order.

${section('Command Options', serverFlags)}`
}

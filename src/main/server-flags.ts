/** What `coffer server` takes on the command line. */
import { flag, type Flags, type Values } from '../cli/flags/flag.ts'

export const serverFlags = {
  config: flag.list({ usage: 'Configuration: a file (HCL or JSON) or a folder of them. May be given several times.' }),
  'log-level': flag.string({
    usage: 'trace, debug, info, warn, error or off; over what the configuration says.',
    env: 'LOG_LEVEL',
  }),
  'log-format': flag.string({ usage: 'standard or json; over what the configuration says.', env: 'LOG_FORMAT' }),
  dev: flag.bool({
    usage: 'A development server in memory: opened, with KV version 2 at secret/. Never for real secrets.',
  }),
  'dev-persistent': flag.bool({ usage: 'A development server that keeps its data, and its keys, in ./coffer-data.' }),
  'dev-root-token-id': flag.string({
    usage: 'Value of the first root token of a development server.',
    env: 'DEV_ROOT_TOKEN_ID',
  }),
  'dev-listen-address': flag.string({
    usage: 'Where a development server listens.',
    initial: '127.0.0.1:8200',
    env: 'DEV_LISTEN_ADDRESS',
  }),
  'dev-no-store-token': flag.bool({ usage: 'Does not write the root token of a -dev server to ~/.vault-token.' }),
} satisfies Flags

export type ServerFlags = Values<typeof serverFlags>

/** The start. The only reader of the process's arguments and environment. */
import process from 'node:process'
import { processIo, runCli } from './cli/index.ts'
import { version } from './core/version.ts'

// What only the server needs is loaded by the server alone: the command line answers in a tenth of a second.
const io = processIo(process, version, {
  server: async (args, cliIo) => (await import('./main/server.ts')).serverCommand(args, cliIo),
  migrate: async (args, cliIo) => (await import('./main/migrate.ts')).migrateCommand(args, cliIo),
  diagnose: async (args, cliIo) => (await import('./main/diagnose.ts')).diagnoseCommand(args, cliIo),
})
process.exitCode = await runCli(process.argv.slice(2), io)

/** `npm test`: every test of the project. `npm test -- src/policy` runs those below a folder, or one file. */
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const asked = process.argv.slice(2).filter((argument) => !argument.startsWith('-'))
const flags = process.argv.slice(2).filter((argument) => argument.startsWith('-'))
const files = globSync(['src/**/*.test.ts', 'test/**/*.test.ts'], { cwd: root })
  .filter((file) => asked.length === 0 || asked.some((prefix) => file.startsWith(prefix)))
  .toSorted()
if (files.length === 0) {
  console.error(`no test below ${asked.join(', ')}`)
  process.exit(1)
}
const reporter = flags.some((flag) => flag.startsWith('--test-reporter'))
  ? []
  : ['--test-reporter=dot', '--test-reporter=./test/support/reporter.ts']
const destinations =
  reporter.length === 0 ? [] : ['--test-reporter-destination=stderr', '--test-reporter-destination=stdout']
const child = spawn(
  process.execPath,
  ['--disable-warning=ExperimentalWarning', '--test', ...reporter, ...destinations, ...flags, ...files],
  { cwd: root, stdio: 'inherit' },
)
child.on('exit', (code) => process.exit(code ?? 1))

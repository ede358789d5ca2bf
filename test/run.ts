/**
 * `npm test`: every test of the project. `npm test -- src/policy` runs those below a folder, or one file. Files run side by side, as many
 * as there are processors; those that measure time or memory, and those that kill and load whole servers, run after them, one by one.
 */
import { spawn } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'

/** What a file says that looks at clocks of the machine, or at how much memory there is. */
const MEASURES = /performance\.now\(|residentMemory|memoryUsage|cpuUsage/
const WHOLE_MACHINE = /^test\/(chaos|scale)\//

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
const { alone = [], together = [] } = Object.groupBy(files, (file) =>
  WHOLE_MACHINE.test(file) || MEASURES.test(readFileSync(join(root, file), 'utf8')) ? 'alone' : 'together',
)
const codes = [await run(together, availableParallelism()), await run(alone, 1)]
process.exit(Math.max(...codes))

/** The exit code. */
async function run(some: readonly string[], concurrency: number): Promise<number> {
  if (some.length === 0) return 0
  const reporter = flags.some((flag) => flag.startsWith('--test-reporter'))
    ? []
    : ['--test-reporter=dot', '--test-reporter=./test/support/reporter.ts']
  const destinations =
    reporter.length === 0 ? [] : ['--test-reporter-destination=stderr', '--test-reporter-destination=stdout']
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      '--test',
      `--test-concurrency=${concurrency}`,
      ...reporter,
      ...destinations,
      ...flags,
      ...some,
    ],
    { cwd: root, stdio: 'inherit' },
  )
  const { promise, resolve } = Promise.withResolvers<number>()
  child.on('exit', (code) => resolve(code ?? 1))
  return promise
}

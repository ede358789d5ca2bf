import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { defineCommand } from '../../command.ts'
import { reasonOf, usageFailure } from '../../failure.ts'

export const command = defineCommand({
  usage: '[options] PATH',
  help: `  Writes a policy file anew in the usual layout. A file that is not a valid policy is left alone.

      $ coffer policy fmt my-policy.hcl`,
  async run(run) {
    run.expectArgs(1)
    const path = run
      .arg(0)
      .trim()
      .replace(/^~(?=\/)/, run.io.home)
    const source = read(path)
    const { formatPolicy } = await import('../../../policy/index.ts')
    const result = format(source, path, formatPolicy)
    if (result !== source) replace(path, result)
    run.ui.print(`Success! Formatted policy: ${path}`)
    return 0
  },
})

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw usageFailure(`Error reading source file: ${reasonOf(error)}`)
  }
}

function format(source: string, path: string, formatPolicy: (source: string) => string): string {
  try {
    return formatPolicy(source)
  } catch (error) {
    throw usageFailure(`${path}: ${reasonOf(error)}`)
  }
}

/** Whole or not at all: the file is somebody's only copy. */
function replace(path: string, text: string): void {
  const temporary = `${path}.tmp`
  try {
    writeFileSync(temporary, text, { flag: 'wx', mode: statSync(path).mode & 0o777 })
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw usageFailure(`Error writing result: ${reasonOf(error)}`)
  }
}

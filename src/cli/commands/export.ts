import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { exportAll, type Exported } from '../as-code/export.ts'
import { kinds } from '../as-code/registry.ts'
import { World } from '../as-code/world.ts'
import { defineCommand } from '../command.ts'
import { attempt, failure, reasonOf, usageFailure } from '../failure.ts'
import { flag } from '../flags/flag.ts'

export const command = defineCommand({
  usage: '[options] [-f FILE_OR_FOLDER]',
  help: `  Writes the configuration that the server has now as declarations for "coffer plan" and "coffer apply": to stdout, into a file,
  or into a folder with a file a kind. Secrets are not among it. Files that are there are not replaced, but for -force.

      $ coffer export > coffer.hcl
      $ coffer export -f coffer.d/
      $ coffer export -kind=policy -kind=role`,
  flags: {
    file: flag.string({
      aliases: ['f'],
      usage: 'File to write, or a folder: one that is there, or a name that ends with a slash.',
    }),
    force: flag.bool({ usage: 'Replace files that are there.' }),
    kind: flag.list({ usage: 'Only what is of this kind. May be given several times. All kinds if it is left out.' }),
  },
  async run(run) {
    run.expectArgs(0)
    const { file, force, kind: only } = run.flags
    const names = kinds.map(({ block }) => block)
    const unknown = only.find((name) => !names.includes(name))
    if (unknown !== undefined) throw usageFailure(`there is no kind "${unknown}": -kind takes ${names.join(', ')}`)
    const exported = await attempt(
      'Error reading the configuration',
      exportAll(new World((await run.client()).aside()), only),
    )
    const full = exported.filter(({ text }) => text !== '')
    const whole = full.map(({ text }) => text).join('\n')
    if (file === '') {
      if (whole !== '') run.io.stdout.write(whole)
    } else if (isFolder(file)) {
      mkdirSync(file, { recursive: true, mode: 0o700 })
      for (const [name, text] of filesOf(full)) write(join(file, name), text, force)
      run.ui.print(`Success! Wrote ${full.length} ${full.length === 1 ? 'file' : 'files'} to: ${file}`)
    } else {
      write(file, whole, force)
      run.ui.print(`Success! Wrote the configuration to: ${file}`)
    }
    return 0
  },
})

function isFolder(path: string): boolean {
  return path.endsWith('/') || statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

function filesOf(exported: readonly Exported[]): readonly (readonly [string, string])[] {
  return exported.map(({ kind, text }) => [`${kind.block}.hcl`, text] as const)
}

/** It says who may do what: nobody's but its owner's. */
function write(path: string, text: string, force: boolean): void {
  try {
    writeFileSync(path, text, { flag: force ? 'w' : 'wx', mode: 0o600 })
  } catch (error) {
    throw failure(`Error writing ${path}: ${reasonOf(error)}`)
  }
}

/** `npm run check`: types, lint, format, layers, unused code, generated files. `npm run check -- types` runs one. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const bin = (name: string) => join(root, 'node_modules', name)
const CHECKS: Readonly<Record<string, readonly string[]>> = {
  types: [bin('typescript/bin/tsc'), '-p', '.'],
  lint: [bin('oxlint/bin/oxlint'), '--type-aware', '--deny-warnings', 'src', 'test', 'bench'],
  format: [bin('oxfmt/bin/oxfmt'), '--check', 'src', 'test', 'bench'],
  layers: ['test/layers.ts'],
  unused: [bin('knip/bin/knip.js')],
  generated: ['src/gen.ts', '--check'],
}

const asked = process.argv.slice(2)
let failed = 0
for (const [name, command] of Object.entries(CHECKS)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  const [script = '', ...args] = command
  if (!existsSync(join(root, script)) && !existsSync(script)) {
    console.error(`check ${name}: ${script} is missing`)
    failed++
    continue
  }
  const began = performance.now()
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', script, ...args],
    { cwd: root, encoding: 'utf8' },
  )
  const ok = status === 0
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`)
  if (!ok) console.log(`${stdout}${stderr}`)
  failed += ok ? 0 : 1
}
process.exit(failed === 0 ? 0 : 1)

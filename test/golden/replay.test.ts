/** Every golden transcript, replayed against its engine behind the pipeline's own stages. */
import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { basename, join } from 'node:path'
import { suite, test } from 'node:test'
import { cubbyhole } from '../../src/engines/secrets/cubbyhole/engine.ts'
import { kvV1, kvV2 } from '../../src/engines/secrets/kv/engine.ts'
import { transitEngine } from '../../src/engines/secrets/transit/engine.ts'
import type { Engine } from '../../src/framework/engine.ts'
import { testEngine } from '../support/engine.ts'
import { fault, readGolden, toEngine, type Golden } from '../support/golden.ts'

function engineOf({ type, mount }: Golden): Engine {
  if (type === 'cubbyhole') return cubbyhole
  if (type === 'transit') return transitEngine()
  return mount?.options?.['version'] === '2' ? kvV2 : kvV1
}

suite('golden transcripts', () => {
  for (const file of globSync(join(import.meta.dirname, '{kv,cubbyhole,transit}', '*.json'))) {
    const golden = readGolden(file)
    test(`${basename(file)}: ${golden.title}`, async () => {
      await using engine = await testEngine(engineOf(golden), { options: golden.mount?.options ?? {} })
      const send = toEngine(engine)
      const faults: string[] = []
      for (const step of golden.steps) {
        const found = fault(golden, step, await send(step))
        if (found !== undefined) faults.push(`${step.name}: ${found}`)
      }
      assert.deepEqual(faults, [])
    })
  }
})

/** Versioned secrets against a model that knows nothing of storage: any sequence of requests leaves both in the same state. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { testEngine, type EngineUnderTest } from '../../../../../test/support/engine.ts'
import { kvV2 } from '../engine.ts'

type Data = { readonly [name: string]: Data | number | null }

interface ModelVersion {
  readonly data: Data
  deletion: number | undefined
  destroyed: boolean
}

interface ModelSecret {
  current: number
  max: number
  lifetime: number
  cas: boolean
  note: string
  readonly versions: Map<number, ModelVersion>
}

class Model {
  readonly secrets = new Map<string, ModelSecret>()
  max = 0
  lifetime = 0
  now = 0

  secret(path: string): ModelSecret {
    const found = this.secrets.get(path) ?? {
      current: 0,
      max: 0,
      lifetime: 0,
      cas: false,
      note: '',
      versions: new Map(),
    }
    this.secrets.set(path, found)
    return found
  }

  deletion(secret: ModelSecret): number | undefined {
    if (this.lifetime < 0) return undefined
    if (this.lifetime === 0 && secret.lifetime === 0) return undefined
    return this.now + 1000 * Math.min(this.lifetime || Infinity, secret.lifetime || Infinity)
  }

  add(path: string, data: Data): number {
    const secret = this.secret(path)
    secret.current++
    secret.versions.set(secret.current, { data, deletion: this.deletion(secret), destroyed: false })
    const keep = Math.max(secret.max, this.max) || 10
    for (const number of secret.versions.keys()) if (number <= secret.current - keep) secret.versions.delete(number)
    return secret.current
  }

  gone(version: ModelVersion): boolean {
    return version.destroyed || (version.deletion !== undefined && version.deletion <= this.now)
  }
}

function merged(target: Data | number | null | undefined, patch: Data): Data {
  const out: Record<string, Data | number | null> = typeof target === 'object' && target !== null ? { ...target } : {}
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete out[name]
    else out[name] = typeof value === 'number' ? value : merged(out[name], value)
  }
  return out
}

type Step = (e: EngineUnderTest, model: Model) => Promise<void>

const path = fc.constantFrom('a', 'a/b')
const leaf = fc.oneof(fc.nat(3), fc.constant(null))
const data: fc.Arbitrary<Data> = fc.dictionary(
  fc.constantFrom('x', 'y', 'z'),
  fc.oneof(leaf, fc.dictionary(fc.constantFrom('x', 'y'), leaf, { maxKeys: 2, noNullPrototype: true })),
  { maxKeys: 3, noNullPrototype: true },
)
const numbers = fc.uniqueArray(fc.integer({ min: -1, max: 14 }), { minLength: 1, maxLength: 4 })
const cas = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 6 }) },
)

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(path, data, cas).map((args) => writing(...args)) },
  { weight: 3, arbitrary: fc.tuple(path, data, cas).map((args) => patching(...args)) },
  { weight: 2, arbitrary: path.map(deleting) },
  { weight: 2, arbitrary: fc.tuple(path, numbers).map((args) => deletingVersions(...args)) },
  { weight: 2, arbitrary: fc.tuple(path, numbers).map((args) => undeleting(...args)) },
  { weight: 1, arbitrary: fc.tuple(path, numbers).map((args) => destroying(...args)) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(path, fc.nat(4), fc.constantFrom(0, 5, 60), fc.boolean(), fc.constantFrom('', 'n'))
      .map((args) => describing(...args)),
  },
  { weight: 1, arbitrary: path.map(removing) },
  { weight: 1, arbitrary: fc.tuple(fc.nat(5), fc.constantFrom(-1, 0, 10)).map((args) => configuring(...args)) },
  { weight: 2, arbitrary: fc.constantFrom(1, 4_999, 5_000, 60_000).map(waiting) },
)

function optionsOf(expected: number | undefined) {
  return expected === undefined ? {} : { options: { cas: expected } }
}

function refused(secret: ModelSecret | undefined, expected: number | undefined): boolean {
  return expected === undefined ? secret?.cas === true : expected !== (secret?.current ?? 0)
}

function writing(at: string, value: Data, expected: number | undefined): Step {
  return async (e, model) => {
    const answer = await e.write(`data/${at}`, { data: value, ...optionsOf(expected) })
    if (refused(model.secrets.get(at), expected)) return assert.equal(answer.status, 400)
    assert.equal(answer.source('data', 'version'), String(model.add(at, value)))
  }
}

function patching(at: string, value: Data, expected: number | undefined): Step {
  return async (e, model) => {
    const answer = await e.patch(`data/${at}`, { data: value, ...optionsOf(expected) })
    const secret = model.secrets.get(at)
    const version = secret?.versions.get(secret.current)
    if (version === undefined) return assert.equal(answer.status, 404)
    if (refused(secret, expected)) return assert.equal(answer.status, 400)
    if (model.gone(version)) return assert.equal(answer.status, 404)
    assert.equal(answer.source('data', 'version'), String(model.add(at, merged(version.data, value))))
  }
}

function deleting(at: string): Step {
  return async (e, model) => {
    assert.equal((await e.delete(`data/${at}`)).status, 204)
    const secret = model.secrets.get(at)
    const version = secret?.versions.get(secret.current)
    if (version !== undefined && !model.gone(version)) version.deletion = model.now
  }
}

function onVersions(
  verb: string,
  at: string,
  which: readonly number[],
  change: (model: Model, secret: ModelSecret, version: ModelVersion) => void,
): Step {
  return async (e, model) => {
    assert.equal((await e.write(`${verb}/${at}`, { versions: which })).status, 204)
    const secret = model.secrets.get(at)
    if (secret === undefined) return
    for (const number of which) {
      const version = secret.versions.get(number)
      if (version !== undefined) change(model, secret, version)
    }
  }
}

function deletingVersions(at: string, which: readonly number[]): Step {
  return onVersions('delete', at, which, (model, _secret, version) => {
    if (!model.gone(version)) version.deletion = model.now
  })
}

function undeleting(at: string, which: readonly number[]): Step {
  return onVersions('undelete', at, which, (model, secret, version) => {
    if (!version.destroyed) version.deletion = model.deletion(secret)
  })
}

function destroying(at: string, which: readonly number[]): Step {
  return onVersions('destroy', at, which, (_model, _secret, version) => {
    version.destroyed = true
  })
}

function describing(at: string, max: number, lifetime: number, demandsCas: boolean, note: string): Step {
  return async (e, model) => {
    const custom = note === '' ? {} : { note }
    const body = {
      max_versions: max,
      delete_version_after: lifetime,
      cas_required: demandsCas,
      custom_metadata: custom,
    }
    assert.equal((await e.write(`metadata/${at}`, body)).status, 204)
    Object.assign(model.secret(at), { max, lifetime, cas: demandsCas, note })
  }
}

function removing(at: string): Step {
  return async (e, model) => {
    assert.equal((await e.delete(`metadata/${at}`)).status, 204)
    model.secrets.delete(at)
  }
}

function configuring(max: number, lifetime: number): Step {
  return async (e, model) => {
    assert.equal((await e.write('config', { max_versions: max, delete_version_after: lifetime })).status, 204)
    Object.assign(model, { max, lifetime })
  }
}

function waiting(ms: number): Step {
  return async (e, model) => {
    await e.clock.advance(ms)
    model.now += ms
  }
}

function timeOf(model: Model, e: EngineUnderTest, deletion: number | undefined): string {
  return deletion === undefined ? '' : new Date(e.clock.now() - model.now + deletion).toISOString()
}

async function compare(e: EngineUnderTest, model: Model): Promise<void> {
  const keys: string[] = []
  for (const at of ['a', 'a/b']) {
    const secret = model.secrets.get(at)
    const answer = await e.read(`metadata/${at}`)
    assert.equal(answer.status, secret === undefined ? 404 : 200)
    if (secret === undefined) continue
    keys.push(`mount/meta/${at}`)
    const versions = [...secret.versions].map(([number, { deletion, destroyed }]) => [
      String(number),
      { deletion_time: timeOf(model, e, deletion), destroyed },
    ])
    const stored = Object.entries<Record<string, unknown>>(JSON.parse(answer.source('data', 'versions') ?? ''))
    assert.deepEqual(
      stored.map(([number, row]) => [number, { deletion_time: row['deletion_time'], destroyed: row['destroyed'] }]),
      versions,
    )
    assert.equal(answer.source('data', 'current_version'), String(secret.current))
    assert.equal(
      answer.source('data', 'custom_metadata'),
      secret.note === '' ? 'null' : JSON.stringify({ note: secret.note }),
    )
    for (const [number, version] of secret.versions) {
      if (!version.destroyed) keys.push(`mount/version/${at}/${String(number).padStart(10, '0')}`)
      const read = await e.read(`data/${at}`, { version: String(number) })
      assert.equal(read.status, model.gone(version) ? 404 : 200)
      assert.deepEqual(JSON.parse(read.source('data', 'data') ?? ''), model.gone(version) ? null : version.data)
    }
  }
  assert.deepEqual(
    (await e.storedKeys()).filter((key) => key !== 'mount/config'),
    keys.toSorted(),
  )
}

suite('versioned secrets', () => {
  test('behave as the model', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { maxLength: 40, size: 'max' }), async (sequence) => {
        await using e = await testEngine(kvV2)
        const model = new Model()
        for (const step of sequence) {
          await step(e, model)
          await compare(e, model)
        }
      }),
      { numRuns: 100 },
    )
  })
})

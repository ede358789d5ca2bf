import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { testEngine } from '../../test/support/engine.ts'
import {
  defineEngine,
  definePath,
  documents,
  done,
  f,
  none,
  ok,
  okData,
  RawJson,
  replySchema,
  stringify,
} from './index.ts'

const reply = replySchema('What came in.', { name: f.string(), count: f.int() })

const things = documents('thing/{name}')

const thing = definePath('thing/{name}', {
  help: 'A thing.',
  params: { name: f.lower('Its name.') },
  exists: (c) => things.has(c.view, c.params),
})
  .read({
    summary: 'Read it.',
    fields: { count: f.int().default(1) },
    replies: { 200: reply },
    run: (c) => ok(reply, { name: c.params.name, count: c.in.count }),
  })
  .write({
    summary: 'Write it.',
    fields: { secret: f.string().sensitive().default('') },
    replies: { 200: none },
    run: (c) => {
      things.put(c.view, c.params, new RawJson(stringify([...c.given.keys()])))
      return okData({ operation: c.operation })
    },
  })
  .delete({
    summary: 'Delete it.',
    replies: { 204: none },
    run: (c) => {
      things.delete(c.view, c.params)
      return done()
    },
  })

const failing = definePath('failing', { help: 'Fails after it has written.', params: {} }).write({
  summary: 'Fail.',
  replies: {},
  run: (c) => {
    things.put(c.view, { name: 'half' }, new RawJson('{}'))
    throw new Error('canary')
  },
})

const free = definePath('free', { help: 'Takes anything.', params: {}, flags: { arbitraryInput: true } }).compute({
  summary: 'Say which names came.',
  replies: { 200: none },
  run: (c) => okData({ names: [...c.given.keys()] }),
})

const engine = defineEngine({ type: 'test', kind: 'secret', help: 'A test.', paths: [thing, failing, free] })

suite('paths', () => {
  test('parse parameters and fields before the handler runs', async () => {
    await using e = await testEngine(engine)
    assert.deepEqual((await e.read('thing/ABC', { count: '5' })).data, { name: 'abc', count: 5 })
    assert.deepEqual((await e.read('thing/abc', { count: 'x' })).errors, ['field "count" takes a whole number'])
  })

  test('tell create from update', async () => {
    await using e = await testEngine(engine)
    assert.deepEqual((await e.write('thing/a', {})).data, { operation: 'create' })
    assert.deepEqual((await e.write('thing/a', {})).data, { operation: 'update' })
    assert.equal((await e.delete('thing/a')).status, 204)
    assert.deepEqual((await e.write('thing/a', {})).data, { operation: 'create' })
  })

  test('answer 405 for an operation and 404 for a path that is not declared', async () => {
    await using e = await testEngine(engine)
    assert.equal((await e.list('thing/a')).status, 405)
    assert.equal((await e.read('free')).status, 405)
    assert.equal((await e.read('nothing')).status, 404)
  })

  test('write nothing where the handler throws, and do not repeat what it said', async () => {
    await using e = await testEngine(engine)
    const answer = await e.write('failing', {})
    assert.equal(answer.status, 500)
    assert.ok(!answer.text.includes('canary'))
    assert.deepEqual(await e.storedKeys(), [])
  })

  test('do not take a name that ends with a slash', async () => {
    await using e = await testEngine(engine)
    assert.deepEqual((await e.write('thing/a/', {})).errors, ["cannot write to a path ending in '/'"])
    assert.equal((await e.delete('thing/a/')).status, 204)
  })

  test('warn of what has no effect', async () => {
    await using e = await testEngine(engine)
    assert.deepEqual((await e.read('thing/a', { z: '1', cuont: '2', secret: '3' })).warnings, [
      'Endpoint ignored these unrecognized parameters: [cuont z]',
    ])
    assert.deepEqual((await e.write('thing/a', { name: 'b' })).warnings, [
      "Endpoint replaced the value of these parameters with the values captured from the endpoint's path: [name]",
    ])
    assert.equal((await e.delete('thing/a', { z: '1' })).status, 204)
    assert.equal((await e.write('free', { z: 1 })).warnings, null)
  })

  test('tell audit which fields are sensitive', () => {
    assert.deepEqual([...(thing.operations.get('write')?.sensitive ?? [])], ['secret'])
  })

  test('refuse a second declaration and a parameter without help', () => {
    const spec = { summary: '', replies: {}, run: () => done() }
    assert.throws(() => definePath('a', { help: '', params: {} }).read(spec).read(spec), /declared twice/)
    assert.throws(() => defineEngine({ type: 't', kind: 'secret', help: '', paths: [thing, thing] }), /declared twice/)
  })
})

suite('a computation with what may have to be made first', () => {
  const used = documents('used/{name}')
  const use = definePath('use/{name}', {
    help: 'A thing that is made by using it.',
    params: { name: 'Its name.' },
    exists: (c) => used.has(c.view, c.params),
  }).computeOrCreate({
    summary: 'Use it.',
    fields: { by: f.string().default('') },
    replies: { 200: none },
    compute: (c) => okData({ used: c.params.name, by: c.in.by }),
    create: (c) => {
      used.put(c.view, c.params, new RawJson('1'))
      return okData({ made: c.params.name, by: c.in.by })
    },
  })
  const usable = defineEngine({ type: 'test', kind: 'secret', help: 'A test.', paths: [use] })

  test('writes once, and only reads from then on', async () => {
    await using e = await testEngine(usable)
    assert.deepEqual((await e.write('use/a', { by: 'x' })).data, { made: 'a', by: 'x' })
    assert.deepEqual((await e.write('use/a', { by: 'y' })).data, { used: 'a', by: 'y' })
    assert.deepEqual((await e.write('use/a', { z: 1 })).warnings, [
      'Endpoint ignored these unrecognized parameters: [z]',
    ])
    assert.equal((await e.storedKeys()).length, 1)
  })

  test('is told of as one operation that any server may carry out', () => {
    const operation = usable.find('use/a', 'update')?.operation
    assert.equal(operation?.place, 'anywhere')
    assert.equal(operation?.tx, 'read')
    assert.equal(operation?.creating?.tx, 'write')
  })

  test('has to say whether the thing exists', () => {
    const path = definePath('a', { help: '', params: {} })
    const spec = { summary: '', replies: {}, compute: () => done(), create: () => done() }
    assert.throws(() => path.computeOrCreate(spec), /nothing says whether it exists/)
  })
})

/** OpenAPI and reference pages of a small engine, piece by piece. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineEngine, definePath, done, f, none, okData, replySchema } from '../index.ts'
import { referencePage } from './docs.ts'
import { openApi } from './openapi.ts'

const item = replySchema('An item.', { size: f.int('How big.') }, { members: f.string('Anything else.') })

const engine = defineEngine({
  type: 'box',
  kind: 'secret',
  help: 'Keeps items.',
  paths: [
    definePath('items/{path+}', {
      help: 'An item.',
      description: 'It has a size.',
      params: { path: 'Where it is.' },
      exists: () => true,
    })
      .read({ summary: 'Read it.', replies: { 200: item }, run: () => okData({}) })
      .list({
        summary: 'List them.',
        fields: { limit: f.int('How many.').default(0), folder: f.string('Where | or not.') },
        replies: { 200: replySchema('Names.', { keys: f.list('The names.') }) },
        run: () => okData({}),
      })
      .scan({ summary: 'List all.', replies: { 200: replySchema('Names.', {}) }, run: () => okData({}) })
      .write({
        summary: 'Write it.',
        flags: { sudo: true },
        fields: {
          size: f.int('How big.'),
          key: f.string('What opens it.').default('').sensitive(),
          old: f.bool('No more.').default(false).deprecated(),
          colour: f.enum(['red', 'blue'], 'Its colour.').optional(),
          lid: f.object({ heavy: f.bool('It is.'), for: f.duration('How long.') }, 'Its lid.').optional(),
        },
        replies: { 204: none },
        run: () => done(),
      }),
    definePath('open', { help: 'Open to all.', params: {}, flags: { unauthenticated: true } }).read({
      summary: 'Look.',
      replies: { 200: { ...replySchema('Text.', {}), contentType: 'text/plain' } },
      run: () => okData({}),
    }),
    definePath('secret', { help: 'Hidden.', params: {}, flags: { hidden: true } }).read({
      summary: 'Look.',
      replies: { 200: item },
      run: () => okData({}),
    }),
  ],
})

type Json = { readonly [name: string]: Json } & readonly Json[]

function documentOf(paths: readonly string[], genericMountPaths = false): Json {
  return JSON.parse(
    openApi(
      paths.map((path) => ({ path, engine })),
      { version: '1.0.0', genericMountPaths },
    ),
  )
}

test('a list is the GET of the path with a slash at its end', () => {
  const { paths } = documentOf(['box/'])
  assert.deepEqual(Object.keys(paths ?? {}), ['/box/items/{path}', '/box/items/{path}/', '/box/open'])
  const list = paths?.['/box/items/{path}/']?.['get']
  const query = [...(list?.['parameters'] ?? [])].map((one) => [
    one['name'],
    one['required'],
    one['schema']?.['default'],
  ])
  // The path scans, too, so that the list has to be asked for by name.
  assert.deepEqual(query, [
    ['list', false, undefined],
    ['scan', false, undefined],
    ['limit', false, 0],
    ['folder', true, undefined],
  ])
})

test('what is special about a path stands in the extensions', () => {
  const { paths } = documentOf(['box/'])
  const path = paths?.['/box/items/{path}']
  assert.equal(path?.['x-vault-createSupported'], true)
  assert.equal(path?.['x-vault-sudo'], undefined, 'reading it needs no sudo')
  assert.equal(paths?.['/box/open']?.['x-vault-unauthenticated'], true)
  assert.deepEqual(paths?.['/box/open']?.['get']?.['security'], [])
})

test('fields become schemas', () => {
  const { components } = documentOf(['box/'])
  const request = components?.['schemas']?.['BoxWriteItemsPathRequest']
  assert.deepEqual(request?.['required'], ['size'])
  const properties = request?.['properties']
  assert.deepEqual(properties?.['key']?.['x-vault-displayAttrs'], { sensitive: true })
  assert.equal(properties?.['old']?.['deprecated'], true)
  assert.deepEqual(properties?.['colour']?.['enum'], ['red', 'blue'])
  const response = components?.['schemas']?.['BoxReadItemsPathResponse']
  assert.deepEqual(response?.['additionalProperties'], { type: 'string', description: 'Anything else.' })
})

test('replies stand in the envelope, unless they are of another type', () => {
  const { paths } = documentOf(['box/'])
  const read = paths?.['/box/items/{path}']?.['get']?.['responses']?.['200']?.['content']?.['application/json']
  assert.equal(read?.['schema']?.['allOf']?.[0]?.['$ref'], '#/components/schemas/Envelope')
  const open = paths?.['/box/open']?.['get']?.['responses']?.['200']?.['content']
  assert.deepEqual(open, { 'text/plain': { schema: { type: 'string' } } })
})

test('an engine mounted often shares its schemas and has ids of its own', () => {
  const one = documentOf(['a/'])
  const both = documentOf(['a/', 'b/c/', 'b-c/'])
  assert.deepEqual(
    Object.keys(both['components']?.['schemas'] ?? {}),
    Object.keys(one['components']?.['schemas'] ?? {}),
  )
  const ids = ['a/', 'b/c/', 'b-c/'].map((path) => both['paths']?.[`/${path}open`]?.['get']?.['operationId'])
  assert.deepEqual(ids, ['a-read-open', 'b-c-read-open-2', 'b-c-read-open'])
})

test('braces and blanks in the path of a mount are no parameters', () => {
  assert.ok(documentOf(['a {b}/'])['paths']?.['/a%20%7Bb%7D/open'])
})

test('a generic document has one parameter for the paths of a type', () => {
  const { paths } = documentOf(['a/', 'b/'], true)
  assert.deepEqual(Object.keys(paths ?? {}), [
    '/{box_mount_path}/items/{path}',
    '/{box_mount_path}/items/{path}/',
    '/{box_mount_path}/open',
  ])
})

test('a page tells each path, its fields down to the last, and what is special', () => {
  const page = referencePage(engine, 'Box', 'box/')
  for (const line of [
    '# Box',
    '## `box/items/:path`',
    '- `path`: Where it is. May contain slashes.',
    '### LIST box/items/:path',
    '| `folder` | string | required | Where \\| or not. |',
    '### POST box/items/:path',
    'Needs the capability `sudo`.',
    '| `key` | string |  | What opens it. Secret. |',
    '| `old` | boolean | `false` | No more. Deprecated. |',
    '| `colour` | string |  | Its colour. One of `"red"`, `"blue"`. |',
    '| `lid.for` | duration | | How long. |',
    '| (any other) | string | Anything else. |',
    'Needs no token.',
    '200: Text. As `text/plain`, without the envelope.',
  ]) {
    assert.ok(page.split('\n').includes(line), line)
  }
  assert.ok(!page.includes('Hidden.'))
})

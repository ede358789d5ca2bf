import {
  absent,
  CofferError,
  defineErrors,
  definePath,
  done,
  f,
  fromUtf8,
  listing,
  none,
  ok,
  pageFields,
  pageOf,
  replySchema,
  toUtf8,
  type PathDefinition,
  type ReadView,
} from '#framework'

const rawErrors = defineErrors('RAW', {
  PROTECTED: { status: 400, message: (p: { key: string }) => `cannot access "${p.key}"` },
  ENCODING: { status: 400, message: 'invalid encoding: it takes "base64", or nothing' },
  NOT_BASE64: { status: 400, message: 'field "value" takes base64, since encoding says so' },
  COMPRESSION: { status: 400, message: 'invalid compression type: entries are not compressed here' },
  NO_KEY: { status: 400, message: 'missing path: it is the key of the entry' },
})

const valueReply = replySchema('The entry, decrypted.', {
  value: f.string('As text, or in base64 where that was asked for.'),
})
const keysReply = replySchema('What is directly below.', {
  keys: f.list('Names; one with more below it ends with `/`.'),
})

const encoding = f.string('`base64`, or nothing for text.').default('')

/**
 * `sys/raw`: the storage itself, below all engines. Only where the configuration asks for it. `outside` are the keys that nobody may
 * reach, since they hold what opens the barrier.
 */
export function rawStoragePaths({ outside }: { readonly outside: ReadonlySet<string> }): readonly PathDefinition[] {
  const keyOf = (path: string): string => {
    if (path === '') throw rawErrors.NO_KEY()
    if ([...outside].some((key) => path.startsWith(key))) throw rawErrors.PROTECTED({ key: path })
    return path
  }
  return [
    definePath('raw/{path*}', {
      help: 'Read, write and list the storage itself, decrypted. For emergencies.',
      description: 'What engines keep in memory of it is not updated: seal and unseal the server after a write.',
      params: { path: 'Key of the entry; for a list, the folder.' },
      flags: { rootNamespaceOnly: true, sudo: true },
      exists: (c) => isStored(c.view, c.params.path),
    })
      .read({
        summary: 'Read an entry.',
        fields: {
          encoding,
          compressed: f.bool('Nothing is compressed here, so it makes no difference.').default(true),
        },
        replies: { 200: valueReply },
        run: async (c) => {
          const as = encodingOf(c.in.encoding)
          if (c.params.path === '') return absent()
          const bytes = (await c.view.get(keyOf(c.params.path))) ?? absent()
          return ok(valueReply, { value: as === 'base64' ? Buffer.from(bytes).toString('base64') : fromUtf8(bytes) })
        },
      })
      .write({
        summary: 'Write an entry as it is.',
        fields: {
          value: f.string('The entry.').sensitive(),
          encoding,
          compression_type: f.string('Nothing: entries are not compressed.').default(''),
        },
        replies: { 204: none },
        run: (c) => {
          const as = encodingOf(c.in.encoding)
          if (c.in.compression_type !== '') throw rawErrors.COMPRESSION()
          c.view.put(keyOf(c.params.path), as === 'base64' ? decoded(c.in.value) : toUtf8(c.in.value))
          return done()
        },
      })
      .delete({
        summary: 'Remove an entry.',
        replies: { 204: none },
        run: (c) => {
          c.view.delete(keyOf(c.params.path))
          return done()
        },
      })
      .list({
        summary: 'List what is directly below a key.',
        fields: pageFields,
        replies: { 200: keysReply },
        run: async (c) => listing(await c.view.list(c.params.path, pageOf(c.in))),
      }),
  ]
}

/** An entry that fails authentication is there: overwriting it is one of the emergencies. */
async function isStored(view: ReadView, key: string): Promise<boolean> {
  if (key === '') return false
  try {
    return (await view.get(key)) !== undefined
  } catch (error) {
    if (error instanceof CofferError && error.code === 'STORAGE_TAMPERED') return true
    throw error
  }
}

function encodingOf(text: string): 'base64' | 'text' {
  if (text !== '' && text !== 'base64') throw rawErrors.ENCODING()
  return text === 'base64' ? 'base64' : 'text'
}

function decoded(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.toString('base64') !== text) throw rawErrors.NOT_BASE64()
  return bytes
}

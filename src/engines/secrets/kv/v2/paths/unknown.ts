/** Whatever else is asked of the mount: mostly clients that take it for a version 1. The warning says what was meant. */
import { definePath, type Reply } from '#framework'
import { misdirected, rootOnlyLists } from '../replies.ts'

const ROOTS = new Set(['data', 'metadata', 'delete', 'undelete', 'destroy', 'subkeys', 'detailed-metadata'])

function answer(path: string, command: string): Reply {
  if (ROOTS.has(path.replace(/\/$/, ''))) return rootOnlyLists()
  return misdirected(
    'Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints to use. ' +
      `If using the Vault CLI, use 'vault kv ${command}' for this operation.`,
  )
}

const summary = 'Say that a versioned mount has no such path.'

export const unknown = definePath('{path*}', {
  help: 'No path of a versioned mount.',
  params: { path: 'The path.' },
  flags: { hidden: true },
})
  .read({ summary, replies: {}, run: (c) => answer(c.params.path, 'get') })
  .write({ summary, replies: {}, run: (c) => answer(c.params.path, 'put') })
  .patch({ summary, replies: {}, run: (c) => answer(c.params.path, 'patch') })
  .delete({ summary, replies: {}, run: (c) => answer(c.params.path, 'delete') })
  .list({ summary, replies: {}, run: (c) => answer(c.params.path, 'list') })
  .scan({ summary, replies: {}, run: (c) => answer(c.params.path, 'scan') })

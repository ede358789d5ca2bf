import { definePath, done, f, none, ok, replySchema, type PathDefinition, type WriteView, type Reply } from '#framework'
import { readBackup } from '../backup/read.ts'
import { writeBackup } from '../backup/write.ts'
import { transitErrors } from '../errors.ts'
import { assertUsable, oldestVersion, type Key, type KeyVersion } from '../key.ts'
import { keys, keyVersions } from '../store.ts'
import { keyName } from './fields.ts'

const backupReply = replySchema('A key in clear.', { backup: f.string('The key with all its versions, in base64.') })

/** It writes down when it was taken, so it is the leader's. */
export const backup: PathDefinition = definePath('backup/{name}', {
  help: 'Back up a key in clear.',
  params: { name: keyName },
}).readWriting({
  summary: 'Take a backup of a key, if it is exportable and says so. Whoever has the backup has the key.',
  replies: { 200: backupReply },
  operationId: 'transit-back-up-key',
  run: async (c) => {
    const { name } = c.params
    const before = await keys.get(c.view, name)
    if (before === undefined) throw transitErrors.BACKUP_NOT_FOUND({ name })
    assertUsable(before)
    if (!before.exportable) throw transitErrors.BACKUP_NOT_EXPORTABLE()
    if (!before.allowPlaintextBackup) throw transitErrors.BACKUP_NOT_PLAINTEXT()
    const key: Key = { ...before, backup: { time: c.clock.now(), version: before.latestVersion } }
    keys.put(c.view, key)
    const versions = new Map<number, KeyVersion>()
    for (let number = oldestVersion(key); number <= key.latestVersion; number++)
      versions.set(number, await keyVersions.require(c.view, name, number))
    return ok(backupReply, { backup: writeBackup(key, versions) })
  },
})

const fields = {
  backup: f.string('What a backup gave.').sensitive().default(''),
  force: f.bool('Replace a key of that name.').default(false),
}
const help = 'Restore a key from a backup.'
const operation = {
  summary: 'Restore a key from a backup, of this server or of another.',
  fields,
  replies: { 204: none },
}

export const restore: PathDefinition = definePath('restore', { help, params: {} }).write({
  ...operation,
  operationId: 'transit-restore-key',
  run: (c) => restored(c.view, c.in, undefined, c.clock.now()),
})

export const restoreAs: PathDefinition = definePath('restore/{name}', { help, params: { name: keyName } }).write({
  ...operation,
  operationId: 'transit-restore-and-rename-key',
  run: (c) => restored(c.view, c.in, c.params.name, c.clock.now()),
})

interface Given {
  readonly backup: string
  readonly force: boolean
}

async function restored(view: WriteView, given: Given, newName: string | undefined, now: number): Promise<Reply> {
  if (given.backup === '') throw transitErrors.RESTORE_MISSING()
  const { key, versions } = readBackup(given.backup)
  const name = newName ?? key.name
  if (keyName.tryParse(name) === undefined)
    throw transitErrors.RESTORE_FORM({ why: 'the key has no name that it may have' })
  const present = await keys.get(view, name)
  if (present !== undefined && !given.force) throw transitErrors.RESTORE_EXISTS({ name })
  if (present !== undefined) keys.delete(view, present)
  for (const [number, version] of versions) keyVersions.put(view, name, number, version)
  keys.put(view, { ...key, name, restored: { time: now, version: key.latestVersion } })
  return done()
}

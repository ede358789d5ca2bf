import {
  absent,
  definePath,
  done,
  f,
  namesOf,
  none,
  okData,
  type PathDefinition,
  type Reply,
  type WriteView,
} from '#framework'
import { namedBase64 } from '../base64.ts'
import { transitErrors } from '../errors.ts'
import { hmacKeyBytes, type KeyType } from '../key-types.ts'
import { assertRotatePeriod, newKey, type Key, type KeyWishes } from '../key.ts'
import { keyOut, keyReply, namesReply } from '../replies.ts'
import { keys } from '../store.ts'
import { addVersion, generateVersion } from '../versions.ts'
import { autoRotatePeriod, context, keyName, typeNamed } from './fields.ts'

export const keyList = definePath('keys', { help: 'The keys of the mount.', params: {} }).list({
  summary: 'List the keys.',
  operationId: 'transit-list-keys',
  ...namesOf(keys, namesReply),
})

const fields = {
  type: f.string('Type of the key.').default('aes256-gcm96'),
  parameter_set: f
    .string('Which of the keys of type `ml-dsa`, `slh-dsa` or `ml-kem`: `44`, `slh-dsa-sha2-128s`, `768`.')
    .default(''),
  derived: f.bool('A key of its own follows from the context of each request.').default(false),
  convergent_encryption: f
    .bool('The same plaintext and context give the same ciphertext. Needs `derived`.')
    .default(false),
  exportable: f.bool('The key may leave the server. Cannot be taken back.').default(false),
  allow_plaintext_backup: f.bool('The key may be backed up in clear. Cannot be taken back.').default(false),
  auto_rotate_period: autoRotatePeriod.default(0),
  key_size: f.int('Bytes of a key of type `hmac`: from 32, which it has unless told otherwise, to 512.').default(0),
  managed_key_name: f.string('Name of a managed key, which this server does not have.').optional(),
  managed_key_id: f.string('Id of a managed key, which this server does not have.').optional(),
  context: f.string('Without effect here.').optional(),
}

export const key: PathDefinition = definePath('keys/{name}', {
  help: 'Create, read and delete a named key.',
  description:
    'A key is made with a first version; `rotate` adds the next. What was encrypted or signed with one version names it, so that old ' +
    'texts stay readable until `min_decryption_version` says otherwise.',
  params: { name: keyName },
})
  .read({
    summary: 'Read a key: what holds for it, and of each version its time and its public key.',
    fields: { context },
    replies: { 200: keyReply },
    operationId: 'transit-read-key',
    run: async (c) => {
      const found = await keys.get(c.view, c.params.name)
      return found === undefined ? absent() : okData(await keyOut(c.view, found, namedBase64(c.in.context, 'context')))
    },
  })
  .write({
    summary: 'Make a key. One that is there already stays as it is.',
    fields,
    replies: { 200: keyReply },
    operationId: 'transit-create-key',
    prepare: async (c) => {
      const wished = newKey(c.params.name, wishesOf(c.in, typeNamed(c.in.type, c.in.parameter_set)))
      if ((await keys.bytes(c.view, wished.name)) !== undefined) return undefined
      return { wished, version: await generateVersion(wished, c.clock.now()) }
    },
    run: async (c, prepared) => {
      const before = await keys.get(c.view, c.params.name)
      if (before !== undefined) {
        c.warn(`key ${c.params.name} already existed`)
        return okData(await keyOut(c.view, before))
      }
      // It was there when this was prepared, and is not any more.
      if (prepared === undefined) throw transitErrors.REPLACED()
      return okData(await keyOut(c.view, addVersion(c.view, prepared.wished, prepared.version)))
    },
  })
  .delete({
    summary:
      'Delete a key with all its versions, where `deletion_allowed` says so. What was encrypted with it is lost.',
    replies: { 204: none },
    operationId: 'transit-delete-key',
    run: async (c) => {
      const { name } = c.params
      const found = await keys.get(c.view, name)
      if (found === undefined) throw transitErrors.NO_KEY_TO_DELETE({ name })
      if (!found.deletionAllowed) throw transitErrors.DELETION({ name })
      keys.delete(c.view, found)
      return done()
    },
  })

interface Given {
  readonly derived: boolean
  readonly convergent_encryption: boolean
  readonly exportable: boolean
  readonly allow_plaintext_backup: boolean
  readonly auto_rotate_period: number
  readonly key_size: number
}

function wishesOf(given: Given, type: KeyType): KeyWishes {
  assertRotatePeriod(given.auto_rotate_period)
  if (given.convergent_encryption && !given.derived) throw transitErrors.CONVERGENT_UNDERIVED()
  return {
    type,
    keySize: keySizeOf(given.key_size, type),
    derived: given.derived,
    convergent: given.convergent_encryption,
    exportable: given.exportable,
    allowPlaintextBackup: given.allow_plaintext_backup,
    autoRotatePeriod: given.auto_rotate_period,
  }
}

function keySizeOf(asked: number, type: KeyType): number {
  if (type.family !== 'hmac') {
    if (asked !== 0) throw transitErrors.KEY_SIZE_UNUSED({ type: type.name })
    return 0
  }
  const { min, max } = hmacKeyBytes
  if (asked !== 0 && (asked < min || asked > max)) throw transitErrors.KEY_SIZE({ min, max })
  return asked === 0 ? hmacKeyBytes.default : asked
}

function softDeletion(template: 'keys/{name}/soft-delete' | 'keys/{name}/soft-delete-restore') {
  return definePath(template, {
    help: 'Put a key out of use, and back.',
    description: 'A key that is soft-deleted keeps all it has, but nothing is done with it until it is restored.',
    params: { name: keyName },
  })
}

export const softDelete = softDeletion('keys/{name}/soft-delete').delete({
  summary: 'Put a key out of use.',
  replies: { 200: keyReply },
  operationId: 'transit-soft-delete-key',
  run: (c) => softDeleted(c, true, 'key was already marked as soft deleted'),
})

export const softDeleteRestore = softDeletion('keys/{name}/soft-delete-restore').write({
  summary: 'Put a key back into use.',
  replies: { 200: keyReply },
  operationId: 'transit-soft-delete-restore-key',
  run: (c) => softDeleted(c, false, 'key was already restored'),
})

interface Named {
  readonly params: { readonly name: string }
  readonly view: WriteView
  warn(sentence: string): void
}

async function softDeleted(c: Named, is: boolean, already: string): Promise<Reply> {
  const found = await keys.get(c.view, c.params.name)
  if (found === undefined) return absent()
  if (found.softDeleted === is) c.warn(already)
  const after: Key = { ...found, softDeleted: is }
  keys.put(c.view, after)
  return okData(await keyOut(c.view, after))
}

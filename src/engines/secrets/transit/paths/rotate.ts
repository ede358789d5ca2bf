import { definePath, f, okData } from '#framework'
import { transitErrors } from '../errors.ts'
import { keyOut, keyReply } from '../replies.ts'
import { prepareRotation, rotate } from '../rotation.ts'
import { keys } from '../store.ts'
import { keyName } from './fields.ts'

export const rotation = definePath('keys/{name}/rotate', {
  help: 'Rotate a key.',
  params: { name: keyName },
}).write({
  summary: 'Give a key a new version, which encrypts and signs from now on. Earlier ones still decrypt and verify.',
  fields: {
    managed_key_name: f.string('Name of a managed key, which this server does not have.').optional(),
    managed_key_id: f.string('Id of a managed key, which this server does not have.').optional(),
  },
  replies: { 200: keyReply },
  operationId: 'transit-rotate-key',
  prepare: async (c) => {
    const found = await keys.get(c.view, c.params.name)
    return found && prepareRotation(found, c.clock.now())
  },
  run: async (c, prepared) => {
    const found = await keys.get(c.view, c.params.name)
    if (found === undefined) throw transitErrors.KEY_NOT_FOUND({ what: 'key' })
    if (prepared === undefined) throw transitErrors.REPLACED()
    return okData(await keyOut(c.view, rotate(c.view, found, prepared)))
  },
})

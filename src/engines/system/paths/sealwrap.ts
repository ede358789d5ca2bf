import { definePath, f, okData, replySchema, type PathDefinition } from '#framework'
import type { SealWrapPort } from '../../../request/inspect-ports.ts'

const statusReply = replySchema('How far wrapping anew has come.', {
  is_running: f.bool('It is under way.'),
  entries: f.map('How many keys were looked at, `processed`, `succeeded` and `failed`, the last time.'),
})
const startedReply = replySchema('It is under way.', {})

export function sealWrapPaths({ sealWrap }: { readonly sealWrap: SealWrapPort }): readonly PathDefinition[] {
  return [
    definePath('sealwrap/rewrap', {
      help: 'Wrap what the seal keeps with its newest key.',
      description:
        'What is stored is encrypted by the barrier, and the root of its keys alone by the seal: that is what is wrapped anew, where the ' +
        'seal has a newer key. A seal of key shares wraps nothing, so that there is nothing to do.',
      params: {},
      flags: { sudo: true, rootNamespaceOnly: true, place: 'leader' },
    })
      .read({
        summary: 'Tell how far wrapping anew has come.',
        replies: { 200: statusReply },
        run: () => okData(sealWrap.status()),
      })
      .compute({
        summary: 'Wrap anew.',
        replies: { 200: startedReply },
        run: async () => {
          await sealWrap.rewrap()
          return { status: 200, data: undefined }
        },
      }),
  ]
}

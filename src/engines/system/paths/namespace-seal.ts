import { definePath, done, f, none, ok, replySchema, type PathDefinition, type Reply } from '#framework'
import type { SealState } from '../../../request/seal-state.ts'
import type { SystemPorts } from '../../../request/system-ports.ts'

const statusReply = replySchema("The state of the namespace's seal.", {
  type: f.string('Kind of seal.'),
  initialized: f.bool('It has keys.'),
  sealed: f.bool('They are not in memory.'),
  t: f.int('Shares it takes to unseal.'),
  n: f.int('Shares there are.'),
  progress: f.int('Shares given so far.'),
  nonce: f.string('Names the attempt under way.'),
})

const goingReply = replySchema('The namespace is going, or gone.', { status: f.string('"in-progress".') })

const params = { path: 'Name of the namespace, directly below the one that is asked.' }
/** What was given so far, and the keys, are in its memory. */
const flags = { place: 'leader' } as const

/** Of namespaces that were made with a seal of their own. Whoever may use these in the namespace above decides over the ones below. */
export function namespaceSealPaths({ namespaceSeals }: SystemPorts): readonly PathDefinition[] {
  return [
    definePath('namespaces/{path}/seal-status', { help: "The state of a namespace's seal.", params, flags }).read({
      summary: 'Tell whether a namespace is sealed, and how far an unsealing has come.',
      operationId: 'namespaces-read-seal-status',
      replies: { 200: statusReply },
      run: async (c) => statusOf(await namespaceSeals.status(c.request.namespace, c.params.path)),
    }),
    definePath('namespaces/{path}/unseal', { help: 'Unseal a namespace, share by share.', params, flags }).compute({
      summary: "Give a share of a namespace's unseal key, or forget those given so far.",
      description: 'The namespace above must be open. Those below with seals of their own stay sealed.',
      operationId: 'namespaces-unseal',
      fields: {
        key: f.string('A share, in hexadecimal or base64.').default('').sensitive(),
        reset: f.bool('Forget the shares given so far.').default(false),
      },
      replies: { 200: statusReply },
      run: async (c) => {
        const { namespace } = c.request
        const { path } = c.params
        if (c.in.reset) return statusOf(await namespaceSeals.resetUnseal(namespace, path))
        return statusOf(await namespaceSeals.unseal(namespace, path, c.in.key))
      },
    }),
    definePath('namespaces/{path}/seal', { help: 'Seal a namespace.', params, flags }).compute({
      summary:
        'Seal a namespace and all below it: forget its keys, and answer nothing of it until it is unsealed again.',
      description: 'Its leases do not end meanwhile; what is over by the time it is unsealed ends then.',
      operationId: 'namespaces-seal',
      replies: { 204: none },
      run: async (c) => {
        await namespaceSeals.seal(c.request.namespace, c.params.path)
        return done()
      },
    }),
    definePath('namespaces/{path}/delete-sealed', {
      help: 'Delete a namespace that is sealed, as what is in it cannot be read any more.',
      description:
        'For a namespace whose key shares are lost. What it lent cannot be taken back: credentials in other systems stay until they end there.',
      params,
      flags: { ...flags, sudo: true },
    }).deleteApart({
      summary: 'Delete a namespace that is sealed.',
      operationId: 'namespaces-delete-sealed',
      fields: { force: f.bool('With all namespaces below it.').default(false) },
      replies: { 200: goingReply },
      run: async (c): Promise<Reply> => {
        const state = await namespaceSeals.deleteSealed(c.request.namespace, c.params.path, c.in.force)
        if (state === 'absent') return { status: 200, warnings: ['requested namespace does not exist'] }
        // Also where all of it is gone by now: its clients take an empty answer for a namespace that was not there.
        return ok(goingReply, { status: 'in-progress' })
      },
    }),
  ]
}

function statusOf({ type, initialized, sealed, threshold, shares, progress, nonce }: SealState): Reply {
  return ok(statusReply, { type, initialized, sealed, t: threshold, n: shares, progress, nonce })
}

import {
  absent,
  definePath,
  done,
  f,
  listing,
  membersOf,
  none,
  ok,
  replySchema,
  type CallContext,
  type Infer,
  type JsonOut,
  type PathDefinition,
  type RawJson,
  type Reply,
} from '#framework'
import { namespaceErrors } from '../../../errors/namespaces.ts'
import type { SealedNamespace } from '../../../request/namespace-seal-ports.ts'
import type { NamespaceInfo, NamespacesPort } from '../../../request/namespace-ports.ts'
import type { SystemPorts } from '../../../request/system-ports.ts'
import { unslashed } from '../unslashed.ts'

const infoFields = {
  custom_metadata: f.pairs('What was written down with it.'),
  id: f.string('Its id, which tokens and leases of it end with.'),
  locked: f.bool('Its API is locked.'),
  path: f.string('Its whole path.'),
  tainted: f.bool('It is being deleted.'),
  uuid: f.string('What tells it from one of the same path that is no more.'),
}

const infoReply = replySchema('A namespace.', infoFields)
const madeReply = replySchema('The namespace; of one with a seal of its own the key shares, told once.', {
  ...infoFields,
  key_shares: f
    .list('Shares of its unseal key, in hexadecimal; encrypted where PGP keys were given.')
    .optional()
    .sensitive(),
  key_threshold: f.int('How many of them it takes.').optional(),
})
const listReply = replySchema('The namespaces directly below.', {
  keys: f.list('Their names.'),
  key_info: f.map('What is known of each.'),
})
const goingReply = replySchema('How far it has come.', {
  status: f.enum(['in-progress', 'deleted'], 'Whether all of it is gone.'),
})
const lockReply = replySchema('The namespace is locked.', { unlock_key: f.string('Unlocks it.').sensitive() })

const metadataField = f.json('What to write down with it: texts by names.').optional()
const params = { path: 'Name of the namespace, directly below the one that is asked.' }
/** What the table says is in memory; the leader's has every change. */
const flags = { place: 'leader' } as const

export function namespacePaths({ namespaces, namespaceSeals }: SystemPorts): readonly PathDefinition[] {
  return [
    definePath('namespaces', { help: 'The namespaces directly below.', params: {} }).list({
      summary: 'List the namespaces directly below.',
      operationId: 'list-namespaces',
      replies: { 200: listReply },
      run: (c) => {
        const found = namespaces.children(c.request.namespace)
        const info = new Map(found.map((one) => [nameOf(one), shown(one)] as const))
        return listing([...info.keys()], { key_info: info })
      },
    }),
    definePath('namespaces/{path+}', {
      help: 'Create, read, change and delete a namespace.',
      description:
        'A namespace has mounts, policies, tokens, identities and leases of its own. One that is deleted takes all of that with it.',
      params,
    })
      .read({
        summary: 'Read a namespace.',
        operationId: 'read-namespaces-path',
        replies: { 200: infoReply },
        run: (c) => answer(namespaces.get(c.request.namespace, unslashed(c.params.path)) ?? absent()),
      })
      .write({
        summary: 'Create a namespace, or put other metadata with one that is there.',
        operationId: 'write-namespaces-path',
        fields: {
          custom_metadata: metadataField,
          seal: f
            .string(
              'The configuration of a seal of its own, in HCL or JSON: `seal "shamir" { shares = 5 threshold = 3 }`.',
            )
            .optional(),
          pgp_keys: f.list('One PGP public key a share, in base64: each share is encrypted to its key.').default([]),
        },
        replies: { 200: madeReply },
        // A seal takes a transaction of its own: the keys are gone once that is over.
        prepare: async (c): Promise<SealedNamespace | undefined> => {
          const { seal, pgp_keys: pgpKeys } = c.in
          if (seal === undefined) return undefined
          const wish = { seal, pgpKeys }
          return namespaceSeals.create(c.request.namespace, unslashed(c.params.path), textsIn(c.in), wish)
        },
        run: async (c, sealed) => {
          if (sealed !== undefined)
            return ok(madeReply, {
              ...members(sealed.info),
              key_shares: sealed.keyShares,
              key_threshold: sealed.threshold,
            })
          return answer(await namespaces.put(c.view, c.request.namespace, unslashed(c.params.path), textsIn(c.in)))
        },
      })
      .patch({
        summary: 'Change metadata of a namespace; a name with null goes.',
        operationId: 'patch-namespaces-path',
        fields: { custom_metadata: metadataField },
        replies: { 200: infoReply },
        run: async (c) => {
          const changes = metadataIn(c.in)
          const changed = await namespaces.patch(c.view, c.request.namespace, unslashed(c.params.path), changes)
          if (changed === undefined) throw namespaceErrors.UNKNOWN()
          return answer(changed)
        },
      })
      .deleteApart({
        summary: 'Delete a namespace and everything in it.',
        description: 'It must have no namespaces below it. What takes long goes on after the answer.',
        operationId: 'delete-namespaces-path',
        replies: { 200: goingReply },
        flags,
        run: async (c): Promise<Reply> => {
          const state = await namespaces.delete(c.request.namespace, unslashed(c.params.path))
          if (state === 'absent') return { status: 200, warnings: ['requested namespace does not exist'] }
          // Never without a body: there are clients that read one.
          return ok(goingReply, { status: state === 'gone' ? 'deleted' : 'in-progress' })
        },
      }),
    ...lockPaths(namespaces),
  ]
}

function lockPaths(namespaces: NamespacesPort): readonly PathDefinition[] {
  const lock = {
    summary: 'Lock the API of a namespace.',
    replies: { 200: lockReply },
  }
  const unlock = {
    summary: 'Unlock the API of a namespace.',
    fields: {
      unlock_key: f.string('What locking it answered with. Whoever has sudo may leave it out.').default('').sensitive(),
    },
    replies: { 204: none },
  }
  const below = { path: 'Path of the namespace, from the one that is asked.' }
  const lockHelp = {
    help: 'Lock the API of a namespace and of all below it.',
    description:
      'From then on they answer nothing but the request that unlocks them, and what needs no token and is no log-in. What was lent goes on.',
  }
  const unlockHelp = { help: 'Unlock the API of a namespace.' }
  return [
    definePath('namespaces/api-lock/lock', { ...lockHelp, params: {} }).write({
      ...lock,
      operationId: 'write-namespaces-api-lock-lock',
      run: async (c) => ok(lockReply, { unlock_key: await namespaces.lock(c.view, c.request.namespace, '') }),
    }),
    definePath('namespaces/api-lock/lock/{path+}', { ...lockHelp, params: below }).write({
      ...lock,
      operationId: 'write-namespaces-api-lock-lock-path',
      run: async (c) =>
        ok(lockReply, { unlock_key: await namespaces.lock(c.view, c.request.namespace, unslashed(c.params.path)) }),
    }),
    definePath('namespaces/api-lock/unlock', { ...unlockHelp, params: {}, flags: { unlocks: true } }).write({
      ...unlock,
      operationId: 'write-namespaces-api-lock-unlock',
      run: async (c) => {
        await namespaces.unlock(c.view, c.request.namespace, '', keyIn(c))
        return done()
      },
    }),
    definePath('namespaces/api-lock/unlock/{path+}', { ...unlockHelp, params: below, flags: { unlocks: true } }).write({
      ...unlock,
      operationId: 'write-namespaces-api-lock-unlock-path',
      run: async (c) => {
        await namespaces.unlock(c.view, c.request.namespace, unslashed(c.params.path), keyIn(c))
        return done()
      },
    }),
  ]
}

function keyIn(c: Pick<CallContext, 'sudo' | 'warn'> & { readonly in: { readonly unlock_key: string } }) {
  if (c.in.unlock_key !== '') return c.in.unlock_key
  if (!c.sudo) throw namespaceErrors.NO_UNLOCK_KEY()
  c.warn('Namespace unlocked using sudo capabilities')
  return undefined
}

const map = f.map()

/** Nothing can go of what is put in place of all. */
function textsIn(input: Parameters<typeof metadataIn>[0]): ReadonlyMap<string, string> {
  const metadata = new Map<string, string>()
  for (const [name, value] of metadataIn(input)) {
    if (value === null) throw namespaceErrors.METADATA({ takes: 'texts' })
    metadata.set(name, value)
  }
  return metadata
}

/** Texts, and null for what is to go. */
function metadataIn({ custom_metadata: given }: Infer<{ custom_metadata: typeof metadataField }>) {
  const metadata = new Map<string, string | null>()
  if (given === undefined || given.kind === 'null') return metadata
  const members = map.tryParse(given)
  if (members === undefined) throw namespaceErrors.METADATA({ takes: 'texts by names' })
  for (const [name, value] of membersOf(members) ?? []) metadata.set(name, textIn(value))
  return metadata
}

function textIn(value: RawJson): string | null {
  const found = value.value()
  if (found !== null && typeof found !== 'string') throw namespaceErrors.METADATA({ takes: 'texts' })
  return found
}

function answer(info: NamespaceInfo): Reply {
  return ok(infoReply, members(info))
}

function members(info: NamespaceInfo) {
  return {
    custom_metadata: info.customMetadata,
    id: info.id,
    locked: info.lock !== undefined,
    path: info.path,
    tainted: info.tainted,
    uuid: info.uuid,
  }
}

function shown(info: NamespaceInfo): JsonOut {
  return members(info)
}

/** With its slash, as folders are listed. */
function nameOf({ path }: NamespaceInfo): string {
  return path.slice(path.lastIndexOf('/', path.length - 2) + 1)
}

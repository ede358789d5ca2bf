/** Policy expressions: endpoint governing policies, tied to paths, and role governing ones, held by name as access policies are. */
import {
  absent,
  definePath,
  done,
  f,
  none,
  okData,
  replySchema,
  type CallContext,
  type PathDefinition,
  type ReadView,
} from '#framework'
import { enforcementLevels, type GoverningPaths, type GoverningRecord } from '../../../request/governing-ports.ts'
import { nameOf, textOf } from '../policy-text.ts'
import { unslashed } from '../unslashed.ts'

export interface GoverningPolicyPorts {
  readonly governing: GoverningPaths
}

const params = { name: 'Name of the policy; upper case is turned to lower case.' }
const policyField = f.string('The condition, in CEL, as it is or in base64.').default('')
const levelField = f.enum(
  enforcementLevels,
  'What comes of a request that does not pass: `advisory`, it is logged; `soft-mandatory`, it is denied unless it asks for an override; `hard-mandatory`, it is denied.',
)
const common = {
  name: f.string('Its name.'),
  policy: f.string('The condition, as it was written.'),
  enforcement_level: f.string('What comes of a request that does not pass.'),
}
const roleReply = replySchema('A policy.', common)
const endpointReply = replySchema('A policy.', { ...common, paths: f.list('The paths that it is for.') })
const roleList = replySchema('The policies.', { keys: f.list('Their names.') })
const endpointList = replySchema('The policies.', {
  keys: f.list('Their names.'),
  name_path_map: f.map('For each name its paths, and whether they are for all that begins so.'),
})

export function governingPolicyPaths({ governing }: GoverningPolicyPorts): readonly PathDefinition[] {
  return [...endpointPaths(governing), ...rolePaths(governing)]
}

function endpointPaths(governing: GoverningPaths): readonly PathDefinition[] {
  return [
    definePath('policies/egp', { help: 'Conditions on requests to certain paths.', params: {} }).list({
      summary: 'List the endpoint governing policies.',
      replies: { 200: endpointList },
      run: async (c) => {
        const keys = await governing.list(c.view, c.request.namespace, 'egp')
        const paths: [string, { readonly path: string; readonly glob: boolean }[]][] = []
        for (const name of keys) {
          const record = await governing.get(c.view, c.request.namespace, 'egp', name)
          paths.push([name, (record?.paths ?? []).map((path) => ({ path, glob: path.endsWith('*') }))])
        }
        return keys.length === 0 ? absent() : okData({ keys, name_path_map: new Map(paths) })
      },
    }),
    definePath('policies/egp/{name+}', { help: 'Read, write and delete an endpoint governing policy.', params })
      .read({
        summary: 'Read an endpoint governing policy.',
        replies: { 200: endpointReply },
        run: async (c) => {
          const { name, text, level, paths } = await read(governing, c, 'egp')
          return okData({ enforcement_level: level, name, paths, policy: text })
        },
      })
      .write({
        summary: 'Write an endpoint governing policy.',
        fields: {
          policy: policyField,
          enforcement_level: levelField,
          paths: f
            .strings('Paths of the namespace and of those below it; a `*` at the end stands for all that begins so.')
            .default([]),
        },
        replies: { 204: none },
        run: async (c) => {
          const { policy, enforcement_level: level, paths } = c.in
          const record = { name: nameOf(c), text: textOf(policy), level, paths }
          await governing.put(c.view, c.request.namespace, 'egp', record)
          return done()
        },
      })
      .delete({
        summary: 'Delete an endpoint governing policy.',
        replies: { 204: none },
        run: async (c) => {
          await governing.delete(c.view, c.request.namespace, 'egp', unslashed(c.params.name))
          return done()
        },
      }),
  ]
}

function rolePaths(governing: GoverningPaths): readonly PathDefinition[] {
  return [
    definePath('policies/rgp', { help: 'Conditions on requests of whoever holds them.', params: {} }).list({
      summary: 'List the role governing policies.',
      replies: { 200: roleList },
      run: async (c) => {
        const keys = await governing.list(c.view, c.request.namespace, 'rgp')
        return keys.length === 0 ? absent() : okData({ keys })
      },
    }),
    definePath('policies/rgp/{name+}', { help: 'Read, write and delete a role governing policy.', params })
      .read({
        summary: 'Read a role governing policy.',
        replies: { 200: roleReply },
        run: async (c) => {
          const { name, text, level } = await read(governing, c, 'rgp')
          return okData({ enforcement_level: level, name, policy: text })
        },
      })
      .write({
        summary: 'Write a role governing policy.',
        fields: { policy: policyField, enforcement_level: levelField },
        replies: { 204: none },
        run: async (c) => {
          const { policy, enforcement_level: level } = c.in
          await governing.put(c.view, c.request.namespace, 'rgp', {
            name: nameOf(c),
            text: textOf(policy),
            level,
            paths: [],
          })
          return done()
        },
      })
      .delete({
        summary: 'Delete a role governing policy.',
        replies: { 204: none },
        run: async (c) => {
          await governing.delete(c.view, c.request.namespace, 'rgp', unslashed(c.params.name))
          return done()
        },
      }),
  ]
}

async function read(
  governing: GoverningPaths,
  c: Pick<CallContext, 'request'> & { readonly view: ReadView; readonly params: { readonly name: string } },
  type: 'egp' | 'rgp',
): Promise<GoverningRecord> {
  return (await governing.get(c.view, c.request.namespace, type, unslashed(c.params.name))) ?? absent()
}

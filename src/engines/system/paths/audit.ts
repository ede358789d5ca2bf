import { definePath, done, f, none, ok, okData, replySchema, type PathDefinition } from '#framework'
import type { AuditDeviceInfo, SystemPorts } from '../../../request/system-ports.ts'
import { systemErrors } from '../errors.ts'

const listReply = replySchema(
  'Each audit device by its path.',
  {},
  {
    members: f.object(
      {
        path: f.string('Names the device.'),
        type: f.string('Its type.'),
        description: f.string('What it is for.'),
        local: f.bool('It is not replicated.'),
        options: f.pairs('Its options.'),
      },
      'A device.',
    ),
  },
)
const chainReply = replySchema('The key of the checkpoints.', {
  algorithm: f.string('`ed25519`.'),
  created_time: f.string('When the key was made.'),
  key_id: f.string('As in the checkpoints.'),
  public_key: f.string('The public key, PEM.'),
  checkpoints: f.map(
    'By the path of each device: segment, number and hash of the last checkpoint that this node noted.',
  ),
})
const hashReply = replySchema('A value as the device writes it.', { hash: f.string('Its HMAC.') })

export function auditPaths({ audit }: SystemPorts): readonly PathDefinition[] {
  return [
    definePath('audit', {
      help: 'The audit devices.',
      params: {},
      flags: { sudo: true, rootNamespaceOnly: true },
    }).read({
      summary: 'List the audit devices.',
      replies: { 200: listReply },
      run: () => okData(new Map(audit.list().map((device) => [device.path, infoOf(device)])), { flatten: true }),
    }),
    definePath('audit/{path+}', {
      help: 'Enable and disable an audit device.',
      params: { path: 'Names the device.' },
      flags: { sudo: true, rootNamespaceOnly: true },
    })
      .write({
        summary: 'Enable an audit device. From then on no request is answered that no device has taken down.',
        fields: {
          type: f.string('Type of the device, such as "file".').default(''),
          description: f.string('What it is for.').default(''),
          local: f.bool('Do not replicate it.').default(false),
          options: f.pairs('Options of the device, such as `file_path`.').orElse(() => new Map()),
        },
        replies: { 204: none },
        run: async (c) => {
          await audit.enable(c.view, c.params.path, c.in)
          return done()
        },
      })
      .delete({
        summary: 'Disable an audit device.',
        flags: { survivesAuditFailure: true },
        replies: { 204: none },
        run: async (c) => {
          if (c.params.path.endsWith('/')) throw systemErrors.TRAILING_SLASH()
          await audit.disable(c.view, c.params.path)
          return done()
        },
      }),
    definePath('audit-chain/key', {
      help: 'The key that signs the checkpoints of chained audit logs.',
      params: {},
    }).read({
      summary: 'Read the public key with which `coffer audit verify` checks a log, and the last checkpoints.',
      replies: { 200: chainReply },
      run: async (c) => {
        const key = await audit.chainKey(c.view)
        if (key === undefined) throw systemErrors.NO_CHAIN()
        const { id, publicKey, created, checkpoints } = key
        return okData(
          { algorithm: 'ed25519', created_time: created, key_id: id, public_key: publicKey, checkpoints },
          { flatten: true },
        )
      },
    }),
    definePath('audit-hash/{path+}', {
      help: 'A value as an audit device writes it.',
      params: { path: 'Names the device.' },
      flags: { place: 'anywhere', rootNamespaceOnly: true },
    }).compute({
      summary: 'Hash a value as an audit device does, to search its entries for it.',
      fields: { input: f.string('The value.').default('').sensitive() },
      replies: { 200: hashReply },
      run: async (c) => {
        if (c.in.input === '') throw systemErrors.NO_AUDIT_INPUT()
        return ok(hashReply, { hash: await audit.hash(c.params.path, c.in.input) }, { flatten: true })
      },
    }),
  ]
}

function infoOf({ path, type, description, options, local }: AuditDeviceInfo) {
  return { description, local, options, path, type }
}

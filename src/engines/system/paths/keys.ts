import { definePath, done, f, none, ok, okData, replySchema, type PathDefinition } from '#framework'
import { formatDuration } from '../../../lib/duration.ts'
import type { KeysPort } from '../../../request/namespace-seal-ports.ts'
import { rootNamespace, type Namespace } from '../../../request/request.ts'
import type { SystemPorts } from '../../../request/system-ports.ts'

const keyReply = replySchema('The key that new entries are encrypted with.', {
  term: f.int('How many keys there were, this one counted.'),
  install_time: f.time('Since when it is in use.'),
  encryptions: f.int('Entries encrypted with it so far, as an estimate.'),
})

const configReply = replySchema('When the key is replaced without being asked.', {
  enabled: f.bool('It is.'),
  max_operations: f.int('After so many encryptions.'),
  interval: f.json('After so long; 0 for never.'),
})

type KeysOf = (namespace: Namespace) => KeysPort

/** Of the vault or, in a namespace with a seal of its own, of that. */
export function keyPaths({ lifecycle, namespaceSeals }: SystemPorts): readonly PathDefinition[] {
  const keysOf: KeysOf = (namespace) => (namespace.id === rootNamespace.id ? lifecycle : namespaceSeals.keys(namespace))
  return [
    definePath('key-status', {
      help: 'The encryption key in use.',
      params: {},
      flags: { place: 'leader' },
    }).read({
      summary: 'Tell of the encryption key in use.',
      replies: { 200: keyReply },
      run: (c) => {
        const { term, installTime, encryptions } = keysOf(c.request.namespace).keyStatus()
        return ok(keyReply, { term, install_time: installTime, encryptions }, { flatten: true })
      },
    }),
    rotate('rotate', keysOf),
    rotate('rotate/keyring', keysOf),
    rotateConfig('rotate/config', keysOf),
    rotateConfig('rotate/keyring/config', keysOf),
  ]
}

function rotate(template: 'rotate' | 'rotate/keyring', keysOf: KeysOf): PathDefinition {
  return definePath(template, {
    help: 'Replace the encryption key.',
    description: 'New entries are encrypted with the new key; older ones stay readable with those before it.',
    params: {},
    flags: { sudo: true },
  }).compute({
    summary: 'Replace the encryption key.',
    replies: { 204: none },
    run: async (c) => {
      await keysOf(c.request.namespace).rotate()
      return done()
    },
  })
}

function rotateConfig(template: 'rotate/config' | 'rotate/keyring/config', keysOf: KeysOf): PathDefinition {
  return definePath(template, {
    help: 'When the encryption key is replaced without being asked.',
    params: {},
    flags: { place: 'leader' },
  })
    .read({
      summary: 'Tell when the encryption key is replaced.',
      replies: { 200: configReply },
      run: (c) => {
        const { enabled, maxOperations, interval } = keysOf(c.request.namespace).rotateConfig()
        // As Vault sends it: the number 0, or text such as "24h0m0s".
        const shown = interval === 0 ? 0 : formatDuration(interval)
        return okData({ enabled, max_operations: maxOperations, interval: shown })
      },
    })
    .compute({
      summary: 'Say when the encryption key is replaced; what is left out stays.',
      fields: {
        enabled: f.bool('Replace it without being asked.').optional(),
        max_operations: f.int('Replace it after so many encryptions.').optional(),
        interval: f.duration('Replace it after so long; 0 for never, else a day or more.').optional(),
      },
      replies: { 204: none },
      run: async (c) => {
        const keys = keysOf(c.request.namespace)
        const now = keys.rotateConfig()
        await keys.setRotateConfig({
          enabled: c.in.enabled ?? now.enabled,
          maxOperations: c.in.max_operations ?? now.maxOperations,
          interval: c.in.interval ?? now.interval,
        })
        return done()
      },
    })
}

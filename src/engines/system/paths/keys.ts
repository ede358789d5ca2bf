import { definePath, done, f, none, ok, okData, replySchema, type PathDefinition } from '#framework'
import { formatDuration } from '../../../lib/duration.ts'
import type { LifecyclePort, SystemPorts } from '../../../request/system-ports.ts'

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

export function keyPaths({ lifecycle }: SystemPorts): readonly PathDefinition[] {
  return [
    definePath('key-status', {
      help: 'The encryption key in use.',
      params: {},
      flags: { place: 'leader', rootNamespaceOnly: true },
    }).read({
      summary: 'Tell of the encryption key in use.',
      replies: { 200: keyReply },
      run: () => {
        const { term, installTime, encryptions } = lifecycle.keyStatus()
        return ok(keyReply, { term, install_time: installTime, encryptions }, { flatten: true })
      },
    }),
    rotate('rotate', lifecycle),
    rotate('rotate/keyring', lifecycle),
    rotateConfig('rotate/config', lifecycle),
    rotateConfig('rotate/keyring/config', lifecycle),
  ]
}

function rotate(template: 'rotate' | 'rotate/keyring', lifecycle: LifecyclePort): PathDefinition {
  return definePath(template, {
    help: 'Replace the encryption key.',
    description: 'New entries are encrypted with the new key; older ones stay readable with those before it.',
    params: {},
    flags: { sudo: true, rootNamespaceOnly: true },
  }).compute({
    summary: 'Replace the encryption key.',
    replies: { 204: none },
    run: async () => {
      await lifecycle.rotate()
      return done()
    },
  })
}

function rotateConfig(template: 'rotate/config' | 'rotate/keyring/config', lifecycle: LifecyclePort): PathDefinition {
  return definePath(template, {
    help: 'When the encryption key is replaced without being asked.',
    params: {},
    flags: { place: 'leader', rootNamespaceOnly: true },
  })
    .read({
      summary: 'Tell when the encryption key is replaced.',
      replies: { 200: configReply },
      run: () => {
        const { enabled, maxOperations, interval } = lifecycle.rotateConfig()
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
        const now = lifecycle.rotateConfig()
        await lifecycle.setRotateConfig({
          enabled: c.in.enabled ?? now.enabled,
          maxOperations: c.in.max_operations ?? now.maxOperations,
          interval: c.in.interval ?? now.interval,
        })
        return done()
      },
    })
}

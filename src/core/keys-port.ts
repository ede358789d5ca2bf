/** A barrier's keys as the system's paths use them. */
import type { Logger } from '../lib/observe/index.ts'
import type { KeysPort } from '../request/namespace-seal-ports.ts'
import type { Barrier } from '../seal/barrier.ts'

/** @param namespace the path of the namespace whose they are; empty for the vault's. */
export function keysPortOf(barrier: Barrier, log: Logger, namespace: string): KeysPort {
  return {
    keyStatus: () => {
      const { term, installTime, encryptions } = barrier.keyStatus()
      return { term, installTime: new Date(installTime).toISOString(), encryptions }
    },
    rotate: async () => {
      const { term } = await barrier.rotate()
      log.info('installed a new encryption key', { term, ...(namespace === '' ? {} : { namespace }) })
    },
    rotateConfig: () => barrier.rotationConfig,
    setRotateConfig: (config) => barrier.setRotationConfig(config),
  }
}

/** When the barrier's key is rotated by itself: `sys/rotate/config`. */
import { sealErrors } from '../errors/seal.ts'

export interface RotationConfig {
  readonly enabled: boolean
  /** Encryptions under one key after which it is replaced. */
  readonly maxOperations: number
  /** Seconds after which it is replaced; 0 for never. */
  readonly interval: number
}

/** What Vault allows: the bounds come from AES-GCM with random nonces; for this cipher they are far on the safe side. */
const MAX_OPERATIONS = 3_865_470_566
export const MIN_OPERATIONS = 1_000_000
const MIN_INTERVAL = 24 * 3600

export const defaultRotationConfig: RotationConfig = Object.freeze({
  enabled: true,
  maxOperations: MAX_OPERATIONS,
  interval: 0,
})

/** Throws `SEAL_ROTATION_OPERATIONS` or `SEAL_ROTATION_INTERVAL`. */
export function checkRotationConfig(config: RotationConfig, minOperations = MIN_OPERATIONS): void {
  const { maxOperations, interval } = config
  if (!(Number.isSafeInteger(maxOperations) && maxOperations >= minOperations && maxOperations <= MAX_OPERATIONS)) {
    throw sealErrors.ROTATION_OPERATIONS({ min: minOperations, max: MAX_OPERATIONS })
  }
  if (!Number.isSafeInteger(interval) || interval < 0 || (interval > 0 && interval < MIN_INTERVAL)) {
    throw sealErrors.ROTATION_INTERVAL()
  }
}

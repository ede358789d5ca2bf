/** A device is tried out before it is enabled: one that can't write would fail every request from then on. */
import { auditErrors } from '../errors/audit.ts'
import { CofferError } from '../errors/coffer-error.ts'
import { quote } from '../lib/json/index.ts'
import { failureReason, type DeviceEnvironment } from './device.ts'
import { LineWriter } from './line-writer.ts'
import type { DeviceSettings } from './settings.ts'
import type { Sink } from './sink.ts'

/**
 * Opens the sink, writes a test entry unless `skip_test` is set, closes it. Rejects with `AUDIT_FILE_REFUSED`, `AUDIT_UNREACHABLE`
 * or `AUDIT_TEST_FAILED`.
 */
export async function tryOut(
  sink: Sink,
  settings: DeviceSettings,
  environment: DeviceEnvironment,
  requestId: string,
): Promise<void> {
  await opened(sink)
  try {
    if (!settings.skipTest) await writeTestEntry(sink, settings, environment, requestId)
  } finally {
    await sink.close()
  }
}

async function opened(sink: Sink): Promise<void> {
  try {
    await sink.open()
  } catch (error) {
    throw error instanceof CofferError
      ? error
      : auditErrors.UNREACHABLE({ reason: failureReason(error) }, { cause: error })
  }
}

async function writeTestEntry(
  sink: Sink,
  settings: DeviceSettings,
  environment: DeviceEnvironment,
  id: string,
): Promise<void> {
  const { clock, timeout } = environment
  const nothing = (): void => {}
  const writer = new LineWriter({
    sink,
    encode: settings.format.encode,
    clock,
    timeout: sink.timeout ?? timeout,
    onFailure: nothing,
    onSuccess: nothing,
  })
  try {
    await writer.append(settings.format.line(testEntry(new Date(clock.now()), id)), true)
  } catch (error) {
    const cause = error instanceof CofferError ? error.cause : error
    throw auditErrors.TEST_FAILED({ reason: failureReason(cause) }, { cause })
  }
}

/** Vault's. */
function testEntry(time: Date, id: string): string {
  return (
    `{"time":"${time.toISOString()}","type":"request","auth":{"token_type":"default"},"request":{"id":${quote(id)},` +
    `"operation":"update","namespace":{"id":"root"},"path":"sys/audit/test"}}`
  )
}

/** A server in this process, on any free port: `await using server = await runServer(settings)`. */
import { openLog } from '../../src/main/log-setup.ts'
import { startRunning, type RunningServer, type StartOptions } from '../../src/main/running.ts'
import type { Settings } from '../../src/main/settings.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { request, type Answer, type CallOptions } from './http.ts'

export interface ServerUnderTest extends AsyncDisposable {
  readonly running: RunningServer
  call(method: string, path: string, options?: CallOptions): Promise<Answer>
}

export async function runServer(settings: Settings, options: StartOptions = {}): Promise<ServerUnderTest> {
  const log = await openLog(settings.log, systemClock)
  const running = await startRunning(settings, log, options)
  const address = `http://${running.addresses[0] ?? ''}`
  return {
    running,
    call: (method, path, more) => request(address, method, `/v1/${path}`, more),
    [Symbol.asyncDispose]: async () => {
      await running[Symbol.asyncDispose]()
      await log.flush()
    },
  }
}

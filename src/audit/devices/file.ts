/** The `file` device: appends to a file, or writes to a standard stream. */
import { auditErrors } from '../../errors/audit.ts'
import type { DeviceOptions, DeviceType } from '../device-type.ts'
import { discardSink } from './discard-sink.ts'
import { FileSink } from './file-sink.ts'
import { StreamSink } from './stream-sink.ts'

export const fileDevice: DeviceType = {
  name: 'file',
  options: ['file_path', 'path', 'mode'],
  sink: (options, { clock, forbiddenFolders }) => {
    const path = filePath(options)
    const mode = fileMode(options.get('mode'))
    switch (path.toLowerCase()) {
      case 'stdout':
      case '/dev/stdout':
        return new StreamSink(1, clock)
      case 'stderr':
      case '/dev/stderr':
        return new StreamSink(2, clock)
      case 'discard':
      case '/dev/null':
        return discardSink
      default:
        return new FileSink({ path, mode, forbiddenFolders })
    }
  },
}

function filePath(options: DeviceOptions): string {
  const path = options.get('file_path') ?? options.get('path') ?? ''
  if (path === '') throw auditErrors.MISSING_OPTION({ option: 'file_path' })
  return path
}

/** Octal, as chmod takes it. 0 leaves an existing file's mode alone. */
function fileMode(text: string | undefined): number {
  if (text === undefined) return 0o600
  const takes = 'an octal file mode without execute, setuid, setgid or sticky bits, such as 0600'
  if (!/^(0o)?[0-7]{1,6}$/u.test(text)) throw auditErrors.OPTION({ option: 'mode', takes })
  const mode = Number.parseInt(text.replace(/^0o/u, ''), 8)
  if ((mode & ~0o666) !== 0) throw auditErrors.OPTION({ option: 'mode', takes })
  return mode
}

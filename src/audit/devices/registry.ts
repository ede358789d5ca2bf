/** The only list of device types. */
import type { DeviceType } from '../device-type.ts'
import { fileDevice } from './file.ts'
import { httpDevice } from './http.ts'
import { socketDevice } from './socket.ts'
import { syslogDevice } from './syslog.ts'

const types: readonly DeviceType[] = [fileDevice, httpDevice, socketDevice, syslogDevice]

export const deviceTypes: ReadonlyMap<string, DeviceType> = new Map(types.map((type) => [type.name, type]))

/** The only list of device types. */
import type { DeviceType } from '../device-type.ts'
import { fileDevice } from './file.ts'

const types: readonly DeviceType[] = [fileDevice]

export const deviceTypes: ReadonlyMap<string, DeviceType> = new Map(types.map((type) => [type.name, type]))

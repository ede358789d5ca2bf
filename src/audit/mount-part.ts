/**
 * What an entry says of the mount: the same text for every request below it, and the keys its tuning leaves in clear.
 */
import { quote } from '../lib/json/index.ts'
import type { Mount } from '../request/mount.ts'
import { flat, stringMember } from './json-members.ts'

export interface MountText {
  /** Members of `request`. */
  readonly request: string
  /** Members of `response`, where Vault calls the version by another name. */
  readonly response: string
  /** The same without the comma in front. */
  readonly responseFirst: string
  readonly clearRequestKeys: ReadonlySet<string>
  readonly clearResponseKeys: ReadonlySet<string>
}

const NO_MOUNT: MountText = {
  request: '',
  response: '',
  responseFirst: '',
  clearRequestKeys: new Set(),
  clearResponseKeys: new Set(),
}

export class MountPart {
  /** Of engines that came with the program. */
  readonly #builtinVersion: string
  /** By mount row, then by the namespace that asked. A mount that is tuned is a new row. */
  readonly #texts = new WeakMap<Mount, Map<string, MountText>>()

  constructor(builtinVersion: string) {
    this.#builtinVersion = builtinVersion
  }

  of(mount: Mount | undefined, namespacePath: string): MountText {
    if (mount === undefined) return NO_MOUNT
    let byNamespace = this.#texts.get(mount)
    if (byNamespace === undefined) {
      byNamespace = new Map()
      this.#texts.set(mount, byNamespace)
    }
    const known = byNamespace.get(namespacePath)
    if (known !== undefined) return known
    const text = this.#write(mount, namespacePath)
    byNamespace.set(namespacePath, text)
    return text
  }

  #write(mount: Mount, namespacePath: string): MountText {
    const version = mount.tuning.pluginVersion || this.#builtinVersion
    const where =
      stringMember('mount_point', namespacePath + mount.path) +
      stringMember('mount_type', mount.type) +
      stringMember('mount_accessor', mount.accessor)
    const kind = `,"mount_class":"${mount.kind === 'auth' ? 'auth' : 'secret'}"`
    const response = where + stringMember('mount_running_plugin_version', version) + kind
    return {
      request: flat(where + stringMember('mount_running_version', version) + kind),
      response: flat(response),
      responseFirst: flat(response.slice(1)),
      clearRequestKeys: new Set(mount.tuning.auditNonHmacRequestKeys),
      clearResponseKeys: new Set(mount.tuning.auditNonHmacResponseKeys),
    }
  }
}

/** `{"id":"root"}`. */
export function writeNamespace(id: string, path: string): string {
  return `{"id":${quote(id)}${stringMember('path', path)}}`
}

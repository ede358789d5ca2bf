/** Paths that no rate limit is for. As in Vault one stands for all that begins with it, and `!` before one takes it out again. */
import type { QuotaConfig } from '../request/quota-ports.ts'
import type { Namespace } from '../request/request.ts'

interface Entry {
  readonly prefix: string
  readonly exempt: boolean
}

export class ExemptPaths {
  readonly #relative: readonly Entry[]
  readonly #absolute: readonly Entry[]

  constructor({ exemptPaths, absoluteExemptPaths }: Pick<QuotaConfig, 'exemptPaths' | 'absoluteExemptPaths'>) {
    this.#relative = entriesOf(exemptPaths)
    this.#absolute = entriesOf(absoluteExemptPaths)
  }

  has(namespace: Namespace, path: string): boolean {
    return isIn(this.#relative, path) || (this.#absolute.length > 0 && isIn(this.#absolute, namespace.path + path))
  }
}

/** Longest first: the first that fits decides. */
function entriesOf(paths: readonly string[]): readonly Entry[] {
  return paths
    .map((path) => ({ prefix: path.replace(/^!/, '').replace(/^\//, ''), exempt: !path.startsWith('!') }))
    .filter(({ prefix }) => prefix !== '')
    .toSorted((a, b) => b.prefix.length - a.prefix.length)
}

function isIn(entries: readonly Entry[], path: string): boolean {
  for (const { prefix, exempt } of entries) if (path.startsWith(prefix)) return exempt
  return false
}

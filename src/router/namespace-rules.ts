/** What a namespace may be called, and what may be kept with it. Pure rules. */
import { namespaceErrors } from '../errors/namespaces.ts'
import { hasControl, pathProblem } from '../lib/path.ts'

/** Names of what every namespace has itself, and of the namespace above all. */
const RESERVED: ReadonlySet<string> = new Set(['root', 'sys', 'audit', 'auth', 'cubbyhole', 'identity'])
const MAX_NAME = 128
/** Deep enough for any organisation, and shallow enough for a path to reach what is in there. */
const MAX_DEPTH = 10
const MAX_METADATA = { pairs: 64, key: 128, value: 512 }

/**
 * Reserved names are so in whatever spelling a person would take for them. Wildcards, braces and backslashes mean something in policies, a
 * dot in front or a blank is for nobody to see, and `%` would be read as an escape by who decodes twice.
 */
export function assertNamespaceName(name: string): void {
  if (name === '' || name === '.' || name === '..') throw namespaceErrors.NAME({ takes: 'a name' })
  if (name.includes('/')) throw namespaceErrors.NESTED()
  const plain = name
    .normalize('NFKC')
    .replace(/[\s\p{Cf}]/gu, '')
    .toLowerCase()
  if (RESERVED.has(plain)) throw namespaceErrors.RESERVED({ name: plain })
  if (name.length > MAX_NAME) throw namespaceErrors.NAME({ takes: `at most ${MAX_NAME} characters` })
  if (
    pathProblem(name) !== undefined ||
    hasControl(name) ||
    !name.isWellFormed() ||
    /[\s\p{Cf}*+{}\\%,:?#"']/u.test(name)
  ) {
    throw namespaceErrors.NAME({
      takes: 'letters, digits and punctuation, without blanks, quotes and any of * + { } \\ % , : ? #',
    })
  }
}

export function assertDepth(path: string): void {
  if (path.split('/').length - 1 > MAX_DEPTH) throw namespaceErrors.DEPTH({ max: MAX_DEPTH })
}

export function assertMetadata(metadata: ReadonlyMap<string, string>): void {
  const { pairs, key, value } = MAX_METADATA
  if (metadata.size > pairs) throw namespaceErrors.METADATA({ takes: `at most ${pairs} pairs` })
  for (const [name, text] of metadata) {
    if (name === '' || name.length > key) throw namespaceErrors.METADATA({ takes: `keys of 1 to ${key} characters` })
    if (text.length > value) throw namespaceErrors.METADATA({ takes: `values of at most ${value} characters` })
    if (hasControl(name) || hasControl(text)) throw namespaceErrors.METADATA({ takes: 'no control characters' })
  }
}

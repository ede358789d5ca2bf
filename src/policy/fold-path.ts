import { fold } from './constraint.ts'

const PLAIN = /^[a-z0-9_\-./]*$/

/** One form of the spellings that some engine might take for the same name: case, width, blanks around a segment. */
export function foldPath(path: string): string {
  return PLAIN.test(path) ? path : path.split('/').map(fold).join('/')
}

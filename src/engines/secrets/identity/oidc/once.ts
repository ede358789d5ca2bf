/** The names, each once; an empty one is none. */
export function once(names: readonly string[]): readonly string[] {
  return [...new Set(names)].filter((name) => name !== '')
}

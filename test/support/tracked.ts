/** A copy of an object that notes which of its members are read, by their paths: `listeners.tcp.address`. */
export function tracked<T extends object>(value: T, reads: Set<string>, path = ''): T {
  const isList = Array.isArray(value)
  // Reflect.get gives the members of T under the names of T.
  const target = (isList ? [] : {}) as T
  return new Proxy(target, {
    get: (_, name) => {
      const member: unknown = Reflect.get(value, name)
      if (typeof name !== 'string' || (isList && !/^\d+$/.test(name))) return member
      const here = isList ? joined(path, typeOf(member)) : joined(path, name)
      if (!isList) reads.add(here)
      return isPlain(member) ? tracked(member, reads, here) : member
    },
    has: (_, name) => name in value,
    ownKeys: () => {
      throw new Error(
        `${path === '' ? 'it' : path} is copied as a whole: then nobody can tell which of its members are used`,
      )
    },
  })
}

function joined(path: string, name: string): string {
  return [path, name].filter((part) => part !== '').join('.')
}

/** Elements of a list are told apart by their types only. */
function typeOf(element: unknown): string {
  return isPlain(element) && 'type' in element ? String(element.type) : ''
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype
}

import { membersOf } from './object.ts'
import { quote } from './quote.ts'
import { RawJson } from './raw.ts'

interface Frame {
  /** Result so far, in the target's order. */
  readonly members: Map<string, RawJson>
  readonly patch: Iterator<[string, RawJson]>
  /** Where the finished object goes in the frame below. */
  readonly name: string
}

/**
 * JSON merge patch (RFC 7396): members of `patch` replace those of `target`, `null` removes, objects are merged. What the
 * patch does not touch keeps its text; kept members keep their order and new ones follow. Does not recurse.
 */
export function mergePatch(target: RawJson, patch: RawJson): RawJson {
  const root = frame(target, patch, '')
  if (root === undefined) return patch
  const stack: Frame[] = [root]
  for (;;) {
    const top = stack[stack.length - 1] ?? root
    const next = top.patch.next()
    if (next.done === true) {
      stack.pop()
      const done = join(top.members)
      const below = stack[stack.length - 1]
      if (below === undefined) return done
      below.members.set(top.name, done)
      continue
    }
    const [name, change] = next.value
    const inner = frame(top.members.get(name), change, name)
    if (inner !== undefined) stack.push(inner)
    else if (change.kind === 'null') top.members.delete(name)
    else top.members.set(name, change)
  }
}

function frame(target: RawJson | undefined, patch: RawJson, name: string): Frame | undefined {
  const changes = membersOf(patch)
  if (changes === undefined) return undefined
  const members = target === undefined ? undefined : membersOf(target)
  return { members: new Map(members), patch: changes.entries(), name }
}

function join(members: ReadonlyMap<string, RawJson>): RawJson {
  const parts: string[] = []
  for (const [name, value] of members) parts.push(`${quote(name)}:${value.text}`)
  return new RawJson(`{${parts.join(',')}}`)
}

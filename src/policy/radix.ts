/** Prefixes of strings, found in one walk along a string however many there are. */
interface Node<T> {
  label: string
  value: T | undefined
  readonly children: Map<number, Node<T>>
}

export class PrefixTree<T> {
  readonly #root: Node<T> = { label: '', value: undefined, children: new Map() }

  set(prefix: string, value: T): void {
    let node = this.#root
    let at = 0
    while (at < prefix.length) {
      const child = node.children.get(prefix.charCodeAt(at))
      if (child === undefined) {
        node.children.set(prefix.charCodeAt(at), { label: prefix.slice(at), value, children: new Map() })
        return
      }
      const shared = sharedLength(child.label, prefix, at)
      node = shared === child.label.length ? child : split(node, child, shared)
      at += shared
    }
    node.value = value
  }

  /** The values of all prefixes of `text`, the shortest first. */
  prefixesOf(text: string): readonly T[] {
    const out: T[] = []
    this.longest(text, (value) => {
      out.push(value)
      return true
    })
    return out
  }

  /** The value of the longest prefix of `text` that `accept` takes. */
  longest(text: string, accept: (value: T) => boolean): T | undefined {
    let best: T | undefined
    let node: Node<T> | undefined = this.#root
    for (let at = 0; node !== undefined;) {
      if (!text.startsWith(node.label, at)) break
      at += node.label.length
      if (node.value !== undefined && accept(node.value)) best = node.value
      node = at < text.length ? node.children.get(text.charCodeAt(at)) : undefined
    }
    return best
  }
}

function sharedLength(label: string, text: string, at: number): number {
  let length = 0
  while (length < label.length && label.charCodeAt(length) === text.charCodeAt(at + length)) length++
  return length
}

/** Puts a node for the first `length` units of a child's label between it and its parent. */
function split<T>(parent: Node<T>, child: Node<T>, length: number): Node<T> {
  const upper: Node<T> = { label: child.label.slice(0, length), value: undefined, children: new Map() }
  child.label = child.label.slice(length)
  upper.children.set(child.label.charCodeAt(0), child)
  parent.children.set(upper.label.charCodeAt(0), upper)
  return upper
}

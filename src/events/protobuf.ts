/**
 * An event as bytes of Protocol Buffers: the message `EventReceived` that Vault's clients know.
 * Source: sdk/logical/event.proto of Vault, https://protobuf.dev/programming-guides/encoding
 */
import type { Event } from './event.ts'

/** Of fields that hold bytes; no other kind is needed here. */
const LENGTH_DELIMITED = 2

export function protobufOf({ id, type, namespace, metadata, mount }: Event): Uint8Array {
  const plugin = Buffer.concat([
    text(1, mount.class),
    text(2, mount.accessor),
    text(3, mount.path),
    text(4, mount.plugin),
    text(6, mount.version),
  ])
  const event = Buffer.concat([text(1, id), field(2, struct(metadata))])
  return Buffer.concat([field(1, event), text(2, namespace.path), text(3, type), field(4, plugin)])
}

/** `google.protobuf.Struct`: a map from names to values, all of them strings. */
function struct(members: ReadonlyMap<string, string>): Uint8Array {
  const entries = [...members].map(([name, value]) => {
    // An empty string is a value, too: the field that says which kind it is must be there.
    const content = field(3, Buffer.from(value))
    return field(1, Buffer.concat([text(1, name), field(2, content)]))
  })
  return Buffer.concat(entries)
}

/** What is empty is left out, as always in version 3. */
function text(number: number, value: string): Uint8Array {
  return value === '' ? new Uint8Array(0) : field(number, Buffer.from(value))
}

function field(number: number, content: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([(number << 3) | LENGTH_DELIMITED]), varint(content.length), content])
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  bytes.push(rest)
  return Buffer.from(bytes)
}

/** How much JSON one body may hold. Checked while scanning, so a bomb is refused at the point where it passes a limit. */
export interface JsonLimits {
  /** Containers inside each other. */
  readonly maxDepth: number
  /** Strings in the whole text, keys included (`max_request_json_strings`). */
  readonly maxStrings: number
  /** Bytes of one string, as sent. */
  readonly maxStringBytes: number
  /** Members of one object. */
  readonly maxMembers: number
  /** Bytes a parsed form would take, estimated (`max_request_json_memory`). */
  readonly maxMemory: number
}

export const defaultJsonLimits: JsonLimits = Object.freeze({
  maxDepth: 64,
  maxStrings: 1000,
  maxStringBytes: 33_554_432,
  maxMembers: 1000,
  maxMemory: 34_078_720,
})

/** For text this program wrote itself. */
export const noJsonLimits: JsonLimits = Object.freeze({
  maxDepth: Infinity,
  maxStrings: Infinity,
  maxStringBytes: Infinity,
  maxMembers: Infinity,
  maxMemory: Infinity,
})

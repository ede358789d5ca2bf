/**
 * What an expression may cost. Evaluation is not interrupted once it has begun, and all else waits meanwhile: so text, input and work have
 * bounds, by which the worst that can be written takes some tens of milliseconds.
 */

/** Bytes of the text. */
export const MAX_TEXT = 4096
/** Parts of the parsed expression, with what its macros stand for. */
export const MAX_NODES = 600
/** Brackets in brackets: what the parser does grows fast with them. */
export const MAX_NESTING = 12
/** Units of work of one evaluation: one is some microseconds at worst, and about one as a rule. */
export const MAX_WORK = 10_000
/** Of the request's data: values in values, and characters of text in all. */
export const MAX_VALUES = 2000
export const MAX_CHARACTERS = 64 * 1024
export const MAX_DEPTH = 16
/** Characters of a text, elements of a list that an expression makes. */
export const MAX_MADE_TEXT = 64 * 1024
export const MAX_MADE_LIST = 2000
/** Of a regular expression: its length, multiplied by all its counted repetitions. */
export const MAX_PATTERN_WEIGHT = 10_000

/** SHA-256, in hex: what tells texts, files and models apart by content. */
import { createHash } from 'node:crypto'

/** Of a text's UTF-8, or of bytes. */
export const sha256 = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex')

/** Of data as JSON has it. Two lowered models with one digest are one: same slots, steps, properties, to the letter. */
export const digestOf = (data: unknown): string => sha256(JSON.stringify(data))

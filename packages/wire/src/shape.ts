/** A structure's members by name, as handlers receive and return them. */
export type Members = Readonly<Record<string, unknown>>

interface Sensible {
  /** The value must appear in no error sentence, no trail event and no log. */
  readonly sensitive?: true
  /** The text that a trail event has in its place; absent: a sensitive member is left out. */
  readonly trailText?: string
}

export interface Member {
  readonly name: string
  readonly shape: Shape
  readonly required: boolean
  /** EC2: what the member is called in answers, where not by its name. */
  readonly wireName?: string
  /** REST: where the member is that is not in the body. */
  readonly location?: Location
}

/** A place in a REST request or answer, and what the member is called there. */
export interface Location {
  readonly kind: 'uri' | 'querystring' | 'header' | 'statusCode'
  readonly name: string
}

export interface StructureShape extends Sensible {
  readonly type: 'structure'
  readonly members: readonly Member[]
  /** REST: the member that is the whole body, a blob. */
  readonly payload?: string
}

export interface ListShape extends Sensible {
  readonly type: 'list'
  readonly member: Shape
  readonly min?: number
  readonly max?: number
  /** Query: `X.N` instead of `X.member.N`, and in answers the elements without one around them. */
  readonly flattened?: true
}

export interface MapShape extends Sensible {
  readonly type: 'map'
  readonly key: Shape
  readonly value: Shape
  readonly min?: number
  readonly max?: number
  /** Query: `X.N.key` instead of `X.entry.N.key`, and in answers the entries without one around them. */
  readonly flattened?: true
  /** Query: how a key, or a value, is spelled where not as `key` or `value`. */
  readonly keyName?: string
  readonly valueName?: string
}

export interface StringShape extends Sensible {
  readonly type: 'string'
  /** Lengths in code points, or in UTF-8 bytes when {@link countsBytes}. */
  readonly min?: number
  readonly max?: number
  readonly countsBytes?: true
  /** A java.util.regex pattern that must match the whole value; see pattern.ts. */
  readonly pattern?: string
  readonly enum?: readonly string[]
}

export interface NumberShape extends Sensible {
  readonly type: 'integer' | 'long' | 'float' | 'double'
  readonly min?: number
  readonly max?: number
}

export interface BlobShape extends Sensible {
  readonly type: 'blob'
  /** Lengths in bytes, after base64 is decoded. */
  readonly min?: number
  readonly max?: number
}

interface PlainShape extends Sensible {
  readonly type: 'boolean' | 'timestamp'
}

/** What the model says about a value. Shapes are few and shared; compiled forms are kept per shape. */
export type Shape = StructureShape | ListShape | MapShape | StringShape | NumberShape | BlobShape | PlainShape

/** Compiles at first use and keeps the result as long as the shape lives. */
export function oncePerShape<S extends Shape, T>(compile: (shape: S) => T): (shape: S) => T {
  const compiled = new WeakMap<S, T>()
  return (shape) => {
    const known = compiled.get(shape)
    if (known !== undefined) return known
    const fresh = compile(shape)
    compiled.set(shape, fresh)
    return fresh
  }
}

export function unreachable(shape: never): never {
  throw new Error(`A shape of unknown type: ${JSON.stringify(shape)}`)
}

/** Whether a text fits. */
export type Glob = (text: string) => boolean

type Step =
  | { readonly kind: 'one'; readonly character: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'maybe' }

/**
 * A filter's value: `*` stands for any characters, `?` for one or none, and a backslash takes the meaning from
 * either and from itself. Case matters. Takes time in proportion to the product of both lengths, whatever the pattern.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html
 */
export function compileGlob(pattern: string): Glob {
  const steps = stepsOf(pattern)
  if (steps.every(({ kind }) => kind === 'one')) {
    const literal = literalOf(pattern)
    return (text) => text === literal
  }
  return (text) => fits(steps, text)
}

/** The text that a pattern without wildcards stands for; undefined where it has any. */
export function literalOf(pattern: string): string | undefined {
  const steps = stepsOf(pattern)
  const characters = steps.flatMap((step) => (step.kind === 'one' ? [step.character] : []))
  return characters.length === steps.length ? characters.join('') : undefined
}

function stepsOf(pattern: string): readonly Step[] {
  return [...pattern.matchAll(/\\[\\*?]|./gsu)].map(([text]): Step => {
    if (text === '*') return { kind: 'any' }
    if (text === '?') return { kind: 'maybe' }
    return { kind: 'one', character: text.length > 1 && text.startsWith('\\') ? text.slice(1) : text }
  })
}

/** Follows every way through the pattern at once: the places where one can be after each character. */
function fits(steps: readonly Step[], text: string): boolean {
  let places = withSkips(steps, new Set([0]))
  for (const character of text) {
    const next = new Set<number>()
    for (const place of places) {
      const step = steps[place]
      if (step?.kind === 'any') next.add(place)
      if (step?.kind === 'maybe') next.add(place + 1)
      if (step?.kind === 'one' && step.character === character) next.add(place + 1)
    }
    places = withSkips(steps, next)
  }
  return places.has(steps.length)
}

/** With the places that are reached without a character. A set is walked in the order of insertion, new ones too. */
function withSkips(steps: readonly Step[], places: Set<number>): ReadonlySet<number> {
  for (const place of places) {
    const step = steps[place]
    if (step !== undefined && step.kind !== 'one') places.add(place + 1)
  }
  return places
}

type Step =
  | { readonly kind: 'member'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'all' }

/** A JSON path of the kind that EventBridge knows, taken apart. */
export type JsonPath = readonly Step[]

/**
 * Reads `$.detail.items[0].name`, `$.detail['a b']`, `$.resources[*]`; nothing for what is no such path.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
 */
export function parseJsonPath(text: string): JsonPath | undefined {
  if (!text.startsWith('$')) return undefined
  const steps: Step[] = []
  const step = /\.(?:(\*)|([^.[\]*'"\s]+))|\[(?:(\*)|([0-9]{1,9})|'([^'\]]+)')\]/y
  step.lastIndex = 1
  while (step.lastIndex < text.length) {
    const found = step.exec(text)
    if (!found) return undefined
    const [, everyMember, member, everyElement, index, quoted] = found
    const name = member ?? quoted
    if (name !== undefined) steps.push({ kind: 'member', name })
    else if (index !== undefined) steps.push({ kind: 'index', index: Number(index) })
    else if ((everyMember ?? everyElement) !== undefined) steps.push({ kind: 'all' })
  }
  return steps
}

/** What the path points to; undefined for nothing. A path with `*` points to a list, which may be empty. */
export function valueAt(path: JsonPath, root: unknown): unknown {
  let values: readonly unknown[] = [root]
  for (const step of path) values = values.flatMap((value) => [...below(step, value)])
  return path.some(({ kind }) => kind === 'all') ? values : values[0]
}

function below(step: Step, value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return []
  switch (step.kind) {
    case 'all':
      return Object.values(value)
    case 'index':
      return Array.isArray(value) && step.index < value.length ? [value[step.index]] : []
    case 'member': {
      if (Array.isArray(value) || !Object.hasOwn(value, step.name)) return []
      const found: unknown = Reflect.get(value, step.name)
      return [found]
    }
  }
}

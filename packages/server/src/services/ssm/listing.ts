/** So many rows are read at a time where most may be passed over. */
const STRETCH = 500

interface Page {
  readonly after: string | undefined
  readonly limit: number
}

/** The page of those that `wanted` lets through, reading on until it is full. */
export async function filteredPage<Item extends { readonly id: string }>(
  { after, limit }: Page,
  fetch: (page: Page) => Promise<readonly Item[]>,
  wanted: (item: Item) => boolean,
): Promise<readonly Item[]> {
  const found: Item[] = []
  for (let from = after; ; ) {
    const stretch = await fetch({ after: from, limit: STRETCH })
    found.push(...stretch.filter(wanted))
    from = stretch.at(-1)?.id
    if (found.length >= limit || stretch.length < STRETCH) return found.slice(0, limit)
  }
}

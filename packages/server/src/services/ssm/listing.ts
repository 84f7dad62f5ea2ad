/** So many rows are read at a time once a first look has not filled the page. */
const LATER_STRETCH = 500

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
  let from = after
  for (let size = limit; ; size = LATER_STRETCH) {
    const stretch = await fetch({ after: from, limit: size })
    found.push(...stretch.filter(wanted))
    from = stretch.at(-1)?.id
    if (found.length >= limit || stretch.length < size) return found.slice(0, limit)
  }
}

/** Rows as a person reads them: each column as wide as its longest cell, the last as long as it is. */
export function tableLines(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const widths = titles.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  return [titles, ...rows].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

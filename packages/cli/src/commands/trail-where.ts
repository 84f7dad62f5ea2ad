/** Which store and which root key, in the words of the flags. Absent: as the environment says. */
export interface Where {
  readonly data?: string
  readonly store?: string
  readonly rootKey?: string
}

/** The same as settings of the server. */
export function settingsOf({ data, store, rootKey }: Where): Record<string, string> {
  return {
    ...(data !== undefined && { data }),
    ...(store !== undefined && { store }),
    ...(rootKey !== undefined && { 'root-key': rootKey }),
  }
}

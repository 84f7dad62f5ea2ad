import type { Command } from 'commander'

/** The settings of `lockstep serve` that say where the state and its root key are. */
export interface StoreFlags {
  readonly data?: string
  readonly store?: string
  readonly rootKey?: string
}

/** Adds the flags of {@link StoreFlags} to a command. */
export function withStore(command: Command): Command {
  return command
    .option('--data <DIR>', "the server's data directory (default: ./.lockstep)")
    .option('--store <STORE>', 'as for serve: sqlite, or postgres://… (better in LOCKSTEP_STORE)')
    .option('--root-key <SPEC>', 'as for serve (default: file:DIR/root.key)')
}

/** The same by the settings' own names. */
export function settingsOf({ data, store, rootKey }: StoreFlags): Record<string, string> {
  return {
    ...(data !== undefined && { data }),
    ...(store !== undefined && { store }),
    ...(rootKey !== undefined && { 'root-key': rootKey }),
  }
}

/** What is true of the installation as a whole, each a text of its own. */
export type Fact =
  /** The account id of this installation's first account, twelve digits. */
  | 'account'
  /** The sealed private key that signs what nodes are told, base64; see nodes/fleet-key.ts. */
  | 'fleet-key'
  /** Present while rows are being moved into this store; see moving/mark.ts. */
  | 'moving'
  /** When the store was last seen to take writes, in milliseconds since 1970. */
  | 'probed-at'
  /** Where the trail starts since older events were pruned: see trail/start.ts. Absent: at its first event. */
  | 'trail-start'

/** One key-encryption key, wrapped by the root key. */
export interface KeyringGeneration {
  /** Counts from 1. */
  readonly generation: number
  readonly wrapped: Uint8Array
  /** Which root key wrapped it. */
  readonly rootKeyId: string
  readonly createdAt: Date
}

/** What a server must know before anything else can be opened. Belongs to no account. */
export interface InstallationReader {
  fact(name: Fact): Promise<string | undefined>
  /** By generation, oldest first. */
  keyringGenerations(): Promise<readonly KeyringGeneration[]>
}

export interface InstallationWriter extends InstallationReader {
  setFact(name: Fact, value: string): Promise<void>
  /** @throws where the generation exists: a wrapped key is never replaced. */
  addKeyringGeneration(generation: KeyringGeneration): Promise<void>
}

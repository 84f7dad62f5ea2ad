/** The way to a client whose answer is not over yet. */
export interface Outlet {
  /** Sends text, UTF-8, as soon as it may. False where the client is gone, or is cut off for not having read. */
  send(text: string): boolean
  /** What was sent and has not left. */
  readonly waitingBytes: number
  /** Ends the answer. */
  end(): void
  /** Calls back once, when nothing can be sent any more, whatever the reason. */
  onClosed(callback: () => void): void
}

/** An answer that goes on for as long as both sides live. */
export interface OpenReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Called when the head has been sent. */
  open(outlet: Outlet): void
}

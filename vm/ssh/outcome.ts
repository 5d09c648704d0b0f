/** How a command in the guest ended. `lost`: the connection broke first, so nobody knows how it ended. */
export type ExecOutcome =
  | { readonly type: 'exited'; readonly code: number }
  | { readonly type: 'signalled'; readonly signal: string }
  | { readonly type: 'deadline' }
  | { readonly type: 'lost'; readonly reason: string };

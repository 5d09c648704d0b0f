import type { Guest } from '../vm/qemu/guest.ts';

/** Gives guests in which no test has run yet, with the suite's programs in them. */
export interface GuestSource {
  /**
   * Whether a guest is so cheap that each cell gets its own. Else a guest serves until a test has
   * spoilt it.
   */
  readonly onePerCell: boolean;
  /** How many guests may run tests side by side. */
  readonly width: number;
  /** The console log of the boot that all guests share, in the run directory; complaints in it count too. */
  readonly bootConsole?: string;
  /** @param name of the guest, unique on its side, for its directory and for people */
  fresh(name: string): Promise<Guest>;
}

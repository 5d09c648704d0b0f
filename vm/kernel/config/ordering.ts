/**
 * Whether a comparison (`=`, `!=`, `<`, `<=`, `>`, `>=`) of Kconfig expressions and fragments' guards holds of two
 * things whose order is negative, zero or positive, as of a sort's callback.
 */
export function orderHolds(order: number, comparison: string): boolean {
  switch (comparison) {
    case '=':
      return order === 0;
    case '!=':
      return order !== 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    default:
      return order >= 0;
  }
}

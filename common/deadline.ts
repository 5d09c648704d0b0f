/**
 * Calls back when a deadline has passed. `extend` is asked then for how many milliseconds it is put off; 0, or no
 * `extend`, puts it off no more.
 *
 * @returns calls it off
 */
export function atDeadline(
  milliseconds: number,
  passed: () => void,
  extend: () => number = () => 0,
): () => void {
  let timer: NodeJS.Timeout;
  const look = (): void => {
    const more = extend();
    if (more > 0) timer = setTimeout(look, more);
    else passed();
  };
  timer = setTimeout(look, milliseconds);
  return () => clearTimeout(timer);
}

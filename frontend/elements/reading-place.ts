/** Where on the screen one reads: taken before rows change, put back after, so that nothing moves under the eye. */
export interface ReadingPlace {
  row: HTMLElement;
  top: number;
}

/** The first row in view. Rows stand in order, so it is found by halving: there may be hundreds. */
export function readingPlace(list: HTMLElement): ReadingPlace | null {
  const edge = list.getBoundingClientRect().top;
  const rows = list.querySelectorAll<HTMLElement>(".message");
  let low = 0;
  for (let high = rows.length; low < high; ) {
    const middle = (low + high) >> 1;
    if (rows[middle]!.getBoundingClientRect().bottom > edge) high = middle;
    else low = middle + 1;
  }
  const row = rows[low];
  return row ? { row, top: row.getBoundingClientRect().top } : null;
}

export function putBack(list: HTMLElement, place: ReadingPlace | null): void {
  if (!place?.row.isConnected) return;
  const moved = place.row.getBoundingClientRect().top - place.top;
  if (Math.abs(moved) > 1) list.scrollTop += moved;
}

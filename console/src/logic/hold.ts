// Keeps rows where they are while somebody is about to act on one: what was listed keeps its order and
// stays even when it ends; what is new comes in at its place. The caller keeps the row under the
// pointer at its height on the screen.
import type { Row } from './fold'

export interface Held {
  row: Row
  /** No longer in the list; shown until the hand is off it. */
  gone: boolean
}

export const asHeld = (rows: readonly Row[]): Held[] => rows.map(row => ({ row, gone: false }))

/** `before`: what is on the screen; `now`: the list as it would be. */
export function hold(before: readonly Held[], now: readonly Row[]): Held[] {
  const place = new Map(now.map((row, i) => [row.key, i]))
  const kept: Held[] = before.map(held => {
    const at = place.get(held.row.key)
    return at === undefined ? { row: held.row, gone: true } : { row: now[at]!, gone: false }
  })
  const known = new Set(before.map(held => held.row.key))
  const news = now.filter(row => !known.has(row.key))
  if (!news.length) return kept
  // Each new row goes before the first kept one that follows it in the true order.
  const result: Held[] = []
  let next = 0
  for (const held of kept) {
    const at = place.get(held.row.key)
    while (at !== undefined && next < news.length && place.get(news[next]!.key)! < at) result.push({ row: news[next++]!, gone: false })
    result.push(held)
  }
  return [...result, ...asHeld(news.slice(next))]
}

/** How far the row at `key` has moved, in rows. */
export function shiftOf(key: string, before: readonly Held[], after: readonly Held[]): number {
  const was = before.findIndex(held => held.row.key === key)
  const is = after.findIndex(held => held.row.key === key)
  return was < 0 || is < 0 ? 0 : is - was
}

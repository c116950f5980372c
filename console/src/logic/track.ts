// A day's fixes as a replay needs them. Pure.
import type { components } from '../api-types'
import { distanceM } from './geometry'

export type Point = components['schemas']['Point']

export const GAP_MS = 15 * 60_000
const DAY_MS = 86_400_000

/** Unbroken stretches; between two of them nobody knows the way. */
export function stretches(points: readonly Point[]): Point[][] {
  const found: Point[][] = []
  let last: Point | undefined
  for (const point of points) {
    if (last && point.measured_at_ms - last.measured_at_ms <= GAP_MS) found.at(-1)!.push(point)
    else found.push([point])
    last = point
  }
  return found
}

/** The index of the newest fix that was measured by then; -1 before the first. */
export function indexAt(points: readonly Point[], ms: number): number {
  let low = 0
  let high = points.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (points[middle]!.measured_at_ms <= ms) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** Metres a second from the fix before to this one; null across a gap or where it says nothing. */
export function speedMps(points: readonly Point[], index: number): number | null {
  const from = points[index - 1]
  const to = points[index]
  if (!from || !to) return null
  const ms = to.measured_at_ms - from.measured_at_ms
  if (ms <= 0 || ms > GAP_MS) return null
  const apart = distanceM(from, to)
  // Within the accuracy of both nothing is known to have moved.
  return apart <= Math.max(from.acc_m ?? 0, to.acc_m ?? 0) ? 0 : apart / (ms / 1000)
}

/** The day of the city, "2026-11-23", as moments: from its midnight up to, and without, the next. */
export function dayBounds(day: string): [number, number] {
  const from = Date.parse(`${day}T00:00:00+08:00`)
  return [from, from + DAY_MS]
}

export const dayOf = (ms: number): string => new Date(ms + 8 * 3_600_000).toISOString().slice(0, 10)

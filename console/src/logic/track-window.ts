// Which part of a day the slider of a replay spans: the day, or where there is something of it. Pure.
import type { Span } from './shift'

const LEAST_MS = 10 * 60_000
const EDGE = 0.04
/** Above this share of the day the whole day is as good, and is what people expect. */
const NEARLY = 0.75

/** From the first to the last of the moments, with some air; null where it would be nearly the whole day. */
export function dataWindow(momentsMs: readonly number[], day: Span): Span | null {
  if (!momentsMs.length) return null
  let [first, last] = [Infinity, -Infinity]
  for (const ms of momentsMs) {
    first = Math.min(first, ms)
    last = Math.max(last, ms)
  }
  const length = Math.max(LEAST_MS, (last - first) * (1 + 2 * EDGE))
  if (length > NEARLY * (day.toMs - day.fromMs)) return null
  const fromMs = Math.min(Math.max(day.fromMs, (first + last - length) / 2), day.toMs - length)
  return { fromMs: Math.floor(fromMs), toMs: Math.ceil(fromMs + length) }
}

// Which moments the axis of a chart names, and how each is written so that no two look alike. Pure.

export type TickForm = 'time' | 'day_time' | 'day' | 'date'
export interface TimeAxis { ticksMs: number[], form: TickForm }

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const AHEAD_MS = 8 * HOUR_MS // Asia/Shanghai; no summer time since 1991
const MINUTE_MS = 60_000
const STEPS_MS = [1, 2, 5, 10, 15, 30].map(minutes => minutes * MINUTE_MS).concat([1, 2, 3, 6, 12].map(hours => hours * HOUR_MS), [1, 2, 7, 14, 28, 56, 112, 224].map(days => days * DAY_MS))
/** What a label takes of the width, with the space beside it. */
const WIDTH_PX: Record<TickForm, number> = { time: 62, day_time: 104, day: 62, date: 104 }
/** From here on a day and a month may come twice. */
const YEAR_MS = 330 * DAY_MS

const sinceMidnight = (ms: number): number => (ms + AHEAD_MS) % DAY_MS
const midnight = (ms: number): number => ms - sinceMidnight(ms)

function formOf(fromMs: number, toMs: number, stepMs: number): TickForm {
  if (stepMs >= DAY_MS) return toMs - fromMs > YEAR_MS ? 'date' : 'day'
  return midnight(fromMs) === midnight(toMs) ? 'time' : 'day_time'
}

/** Round minutes or hours, or midnights of the city, between two moments; never closer than the columns of the chart. */
export function timeAxis(fromMs: number, toMs: number, columnMs: number, widthPx: number): TimeAxis {
  const fits = (stepMs: number): boolean =>
    stepMs >= columnMs && (toMs - fromMs) / stepMs * WIDTH_PX[formOf(fromMs, toMs, stepMs)] <= widthPx
  const stepMs = STEPS_MS.find(fits) ?? STEPS_MS.at(-1)!
  // Days are counted from the first midnight, hours from midnight, so that they stay round.
  let at = stepMs >= DAY_MS
    ? midnight(fromMs + DAY_MS - 1)
    : midnight(fromMs) + Math.ceil(sinceMidnight(fromMs) / stepMs) * stepMs
  const ticksMs: number[] = []
  for (; at <= toMs; at += stepMs) ticksMs.push(at)
  return { ticksMs, form: formOf(fromMs, toMs, stepMs) }
}

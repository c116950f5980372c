// The times of an outing as a form has them: the city's clock, whatever zone this computer is set to. Pure.
export const REASONS = ['family', 'hospital', 'bus', 'activity', 'other'] as const
export const MAX_MS = 72 * 3_600_000
export const AHEAD_MS = 30 * 86_400_000

const CITY_MS = 8 * 3_600_000
const DAY_MS = 86_400_000
const EVENING_MS = 20 * 3_600_000

/** As <input type="datetime-local"> has it. */
export const toField = (ms: number): string => new Date(ms + CITY_MS).toISOString().slice(0, 16)
export const fromField = (text: string): number | null => {
  const ms = Date.parse(`${text}:00+08:00`)
  return Number.isNaN(ms) ? null : ms
}

/** Ends that are asked for most: in two hours, this evening at eight while that is ahead, tomorrow at eight. */
export function quickEnds(nowMs: number): { name: 'two_hours' | 'evening' | 'tomorrow', ms: number }[] {
  const evening = Math.floor((nowMs + CITY_MS) / DAY_MS) * DAY_MS - CITY_MS + EVENING_MS
  const soon = { name: 'two_hours' as const, ms: Math.ceil(nowMs / 60_000) * 60_000 + 2 * 3_600_000 }
  const today = evening > nowMs ? [{ name: 'evening' as const, ms: evening }] : []
  return [soon, ...today, { name: 'tomorrow', ms: evening + DAY_MS }]
}

/** What is wrong with a stretch, or null. `fromMs` null: from now on. */
export function wrongWith(fromMs: number | null, untilMs: number | null, nowMs: number): 'end' | 'long' | 'far' | null {
  const begin = Math.max(fromMs ?? nowMs, nowMs)
  if (untilMs === null || untilMs <= begin) return 'end'
  if (begin - nowMs > AHEAD_MS) return 'far'
  return untilMs - (fromMs ?? nowMs) > MAX_MS ? 'long' : null
}

// Which stretch of time a shift is, what it is called, and how a figure stands to its goal. Pure.
// A stretch is written in the address as the city's wall clock, so that a link means the same everywhere.
import type { components } from '../api-types'

export type Figures = components['schemas']['Figures']
export type Reported = components['schemas']['Reported']
export type Note = components['schemas']['Note']

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const AHEAD_MS = 8 * HOUR_MS // Asia/Shanghai; no summer time since 1991
const DAY_SHIFT_FROM = 8
const NIGHT_SHIFT_FROM = 20
const SHIFT_MS = 12 * HOUR_MS
const MAX_DAYS = 400

export interface Span { fromMs: number, toMs: number }
export const PRESETS = ['now', 'day', 'night', 'today', 'month', 'last_month'] as const
export type Preset = (typeof PRESETS)[number]
export type SpanName = 'day' | 'night' | 'whole_day' | 'whole_month' | 'custom'

const startOfDay = (ms: number): number => Math.floor((ms + AHEAD_MS) / DAY_MS) * DAY_MS - AHEAD_MS
const hourOf = (ms: number): number => (ms - startOfDay(ms)) / HOUR_MS
const shiftFrom = (fromMs: number): Span => ({ fromMs, toMs: fromMs + SHIFT_MS })

/** The first moment of a month, so many months away. */
function startOfMonth(ms: number, away = 0): number {
  const there = new Date(ms + AHEAD_MS)
  return Date.UTC(there.getUTCFullYear(), there.getUTCMonth() + away, 1) - AHEAD_MS
}

/** The newest shift that has begun, of the day or of the night. */
function newest(hour: number, nowMs: number): Span {
  const today = startOfDay(nowMs) + hour * HOUR_MS
  return shiftFrom(today <= nowMs ? today : today - DAY_MS)
}

export function presetSpan(preset: Preset, nowMs: number): Span {
  switch (preset) {
    case 'day': return newest(DAY_SHIFT_FROM, nowMs)
    case 'night': return newest(NIGHT_SHIFT_FROM, nowMs)
    case 'today': return { fromMs: startOfDay(nowMs), toMs: startOfDay(nowMs) + DAY_MS }
    case 'month': return { fromMs: startOfMonth(nowMs), toMs: startOfMonth(nowMs, 1) }
    case 'last_month': return { fromMs: startOfMonth(nowMs, -1), toMs: startOfMonth(nowMs) }
    default: {
      const [day, night] = [newest(DAY_SHIFT_FROM, nowMs), newest(NIGHT_SHIFT_FROM, nowMs)]
      return day.fromMs > night.fromMs ? day : night
    }
  }
}

export function spanName({ fromMs, toMs }: Span): SpanName {
  const hour = hourOf(fromMs)
  if (toMs - fromMs === SHIFT_MS && hour === DAY_SHIFT_FROM) return 'day'
  if (toMs - fromMs === SHIFT_MS && hour === NIGHT_SHIFT_FROM) return 'night'
  if (toMs - fromMs === DAY_MS && hour === 0) return 'whole_day'
  return startOfMonth(fromMs) === fromMs && startOfMonth(fromMs, 1) === toMs ? 'whole_month' : 'custom'
}

/** The stretch before or after: the month, or as long again. */
export function beside(span: Span, by: -1 | 1): Span {
  if (spanName(span) === 'whole_month') {
    return { fromMs: startOfMonth(span.fromMs, by), toMs: startOfMonth(span.fromMs, by + 1) }
  }
  const length = span.toMs - span.fromMs
  return { fromMs: span.fromMs + by * length, toMs: span.toMs + by * length }
}

/** The city's wall clock, `2026-11-23T20:00`. */
export const wallClock = (ms: number): string => new Date(ms + AHEAD_MS).toISOString().slice(0, 16)
const parsed = (text: unknown): number =>
  typeof text === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text) ? Date.parse(`${text}:00+08:00`) : Number.NaN

/** What the address says; null if it says nothing that can be. */
export function spanOf(query: Record<string, unknown>): Span | null {
  const span = { fromMs: parsed(query.from), toMs: parsed(query.to) }
  return span.fromMs < span.toMs && span.toMs - span.fromMs <= MAX_DAYS * DAY_MS ? span : null
}

export const spanQuery = (span: Span): Record<string, string> => ({ from: wallClock(span.fromMs), to: wallClock(span.toMs) })

/** Notes belong to a shift until an hour after it: that is when it is handed over. */
export const HANDOVER_MS = HOUR_MS

export type Verdict = 'good' | 'fair' | 'bad' | 'none'

/** How a value stands to a goal that it should reach. */
export const atLeast = (value: number | null, goal: number): Verdict => (value === null ? 'none' : value >= goal ? 'good' : 'bad')
/** How a value stands to what is acceptable and to the most. */
export const atMost = (value: number | null, fair: number, most = fair): Verdict =>
  value === null ? 'none' : value <= fair ? 'good' : value <= most ? 'fair' : 'bad'

/** One decimal, never rounded up to a goal that was missed: 97.49 % is 97.4 %. */
export function percent(share: number | null): string {
  return share === null ? '–' : `${(Math.floor(share * 1000 + 1e-9) / 10).toFixed(1)}%`
}
export const oneDecimal = (value: number | null): string => (value === null ? '–' : (Math.round(value * 10) / 10).toString())

export interface Slot { atMs: number, urgent: number, high: number, low: number, announced: number, operatorHours: number }

const MAX_HOURS = 96 // more than four days are shown day by day

/** The columns of the charts: hours of a shift, days of a month. */
export function slots(figures: Figures): { byDay: boolean, slots: Slot[] } {
  const hours = figures.hours.map(hour => ({
    atMs: hour.at_ms, urgent: hour.urgent, high: hour.high, low: hour.low, announced: hour.announced,
    operatorHours: Math.max(1, hour.operators),
  }))
  if (hours.length <= MAX_HOURS) return { byDay: false, slots: hours }
  const days = new Map<number, Slot>()
  for (const hour of hours) {
    const atMs = startOfDay(hour.atMs)
    const day = days.get(atMs) ?? { atMs, urgent: 0, high: 0, low: 0, announced: 0, operatorHours: 0 }
    days.set(atMs, {
      atMs, urgent: day.urgent + hour.urgent, high: day.high + hour.high, low: day.low + hour.low,
      announced: day.announced + hour.announced, operatorHours: day.operatorHours + hour.operatorHours,
    })
  }
  return { byDay: true, slots: [...days.values()] }
}

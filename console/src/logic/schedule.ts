// When a fence is in force, by its weekly windows; the same rules as the core's. Pure.
import type { components } from '../api-types'
import type { Translate } from './words'

export type Schedule = components['schemas']['Schedule']
type Window = Schedule['weekly'][number]

const DAYS = [1, 2, 3, 4, 5, 6, 7]
const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
const clocks = new Map<string, Intl.DateTimeFormat>()

const minutes = (text: string): number => (Number(text.slice(0, 2)) % 24) * 60 + Number(text.slice(3, 5))

/** The day of the week, Monday 1, and the minute of the day, there and then. */
function local(tz: string, ms: number): { day: number, minute: number } {
  let clock = clocks.get(tz)
  if (!clock) {
    clock = new Intl.DateTimeFormat('en-US', { timeZone: tz, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
    clocks.set(tz, clock)
  }
  const part = Object.fromEntries(clock.formatToParts(ms).map(({ type, value }) => [type, value]))
  return { day: WEEKDAYS.indexOf(part.weekday!) + 1, minute: Number(part.hour) * 60 + Number(part.minute) }
}

/** A window that ends when it begins, or before, goes on into the next day. */
function holds(window: Window, day: number, minute: number): boolean {
  const days = window.days ?? DAYS
  const from = minutes(window.from)
  const to = minutes(window.to)
  if (to > from) return days.includes(day) && minute >= from && minute < to
  return (days.includes(day) && minute >= from) || (days.includes(day === 1 ? 7 : day - 1) && minute < to)
}

export function inForce(schedule: Schedule | null | undefined, ms: number): boolean {
  if (!schedule) return true
  const { day, minute } = local(schedule.tz ?? 'Asia/Shanghai', ms)
  return schedule.weekly.some(window => holds(window, day, minute))
}

export function scheduleInWords(schedule: Schedule | null | undefined, t: Translate): string {
  if (!schedule) return t('roster.always')
  return schedule.weekly.map(window => {
    const days = window.days ?? DAYS
    const named = days.length === 7 ? t('live.every_day') : days.map(day => t(`live.day_${day}`)).join(t('list.and'))
    return `${named} ${window.from}–${window.to}`
  }).join(t('list.comma'))
}

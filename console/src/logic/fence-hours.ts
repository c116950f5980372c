// The hours of a fence in words: weekly windows, those across midnight included. Pure.
import type { Translate } from './words'

export interface Window { days: number[], from: string, to: string }

export const WEEK = [1, 2, 3, 4, 5, 6, 7]

/** 24:00 is midnight at the end of a day, which a time field calls 00:00. */
export const asField = (time: string): string => (time === '24:00' ? '00:00' : time)
/** What somebody typed: 19:00, 7:00, 19.00, 1900 or 7; null: no time of day. The form does not follow the browser's language. */
export function timeOf(text: string): string | null {
  const found = /^(\d{1,2})[:：.]?(\d{2})?$/.exec(text.trim())
  const [hour, minute] = [Number(found?.[1]), Number(found?.[2] ?? 0)]
  if (!found || hour > 24 || minute > 59 || (hour === 24 && minute)) return null
  return asField(`${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`)
}
export const isWholeDay = (window: Window): boolean => asField(window.from) === asField(window.to)
export const crossesMidnight = (window: Window): boolean => asField(window.to) < asField(window.from) && asField(window.to) !== '00:00'

function daysInWords(days: readonly number[], t: Translate): string {
  const sorted = WEEK.filter(day => days.includes(day))
  if (sorted.length === 7) return t('fence.day_all')
  const runs: number[][] = []
  for (const day of sorted) {
    const run = runs.at(-1)
    if (run && run.at(-1) === day - 1) run.push(day)
    else runs.push([day])
  }
  const name = (day: number): string => t(`fence.day_${day}`)
  return runs.map(run => run.length > 2 ? t('fence.day_range', { a: name(run[0]!), b: name(run.at(-1)!) }) : run.map(name).join(t('list.and')))
    .join(t('list.and'))
}

export function windowInWords(window: Window, t: Translate): string {
  const days = daysInWords(window.days, t)
  const [from, to] = [asField(window.from), asField(window.to)]
  if (isWholeDay(window)) return t(from === '00:00' ? 'fence.window_day' : 'fence.window_round', { days, from })
  if (to === '00:00') return t('fence.window', { days, from, to: '24:00' })
  return t(crossesMidnight(window) ? 'fence.window_night' : 'fence.window', { days, from, to })
}

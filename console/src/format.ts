// How times, places and names are written.
import { has, language, t } from './i18n'
import type { Alarm } from './logic/alarm'
import { isCity, isWideOutage } from './logic/outage'
import type { TickForm } from './logic/time-axis'
import { duration } from './logic/words'
import { devices, residents, sites } from './state/roster'

const clocks = new Map<string, Intl.DateTimeFormat>()

/** The city's time, whatever zone this computer is set to. */
function written(ms: number, form: Intl.DateTimeFormatOptions): string {
  const key = language.value + JSON.stringify(form)
  let clock = clocks.get(key)
  if (!clock) {
    clock = new Intl.DateTimeFormat(language.value === 'en' ? 'en-GB' : 'zh-CN', {
      timeZone: 'Asia/Shanghai',
      hourCycle: 'h23',
      ...form,
    })
    clocks.set(key, clock)
  }
  return clock.format(ms)
}

export const timeOfDay = (ms: number): string => written(ms, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
export const hourMinute = (ms: number): string => written(ms, { hour: '2-digit', minute: '2-digit' })
export const day = (ms: number): string => written(ms, { month: '2-digit', day: '2-digit' })

/** With the day always: on paper, today is soon yesterday. */
export const stamp = (ms: number): string => `${day(ms)} ${hourMinute(ms)}`

const year = (ms: number): string => written(ms, { year: 'numeric', month: '2-digit', day: '2-digit' })

/** Along the axis of a chart. */
export const axisTime = (ms: number, form: TickForm): string => ({ time: hourMinute, day_time: stamp, day, date: year })[form](ms)

/** "11月23日 周一". */
export const dateOfDay = (ms: number): string => written(ms, { month: 'long', day: 'numeric', weekday: 'short' })

/** With the year: for what may be long ago. */
export const dayAndTime = (ms: number): string => written(ms, { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' })

/** With the day unless it is today. */
export function moment(ms: number, nowMs: number): string {
  return day(ms) === day(nowMs) ? timeOfDay(ms) : `${day(ms)} ${timeOfDay(ms)}`
}

export const lasting = (ms: number): string => duration(ms, t)
export const ago = (ms: number, nowMs: number): string => t('time.ago', { d: lasting(nowMs - ms) })

export const kindName = (kind: string): string => (has(`kind.${kind}`) ? t(`kind.${kind}`) : kind)
export const siteName = (siteId: string | null): string =>
  sites.find(siteId)?.name || siteId || t('queue.unknown_site')

export const zoneName = (alarm: Pick<Alarm, 'subject_id'>): string => (isCity(alarm) ? t('night.outage.city') : alarm.subject_id)

/** The kind; an outage that is wider than a site is named after what is silent: "全市失联". */
export const kindOf = (alarm: Alarm): string =>
  (isWideOutage(alarm) ? t('night.outage.name', { zone: zoneName(alarm) }) : kindName(alarm.kind))

/** What, and of whom: "呼救 · 王桂英". */
export const titleOf = (alarm: Alarm): string => (isWideOutage(alarm) ? kindOf(alarm) : `${kindName(alarm.kind)} · ${subjectName(alarm)}`)

/** Who or what the alarm is about, as an operator would say it. */
export function subjectName(alarm: Alarm): string {
  const resident = residents.find(alarm.resident_id)
  if (resident) return resident.name || resident.resident_id
  if (alarm.subject_type === 'site') return siteName(alarm.subject_id)
  if (alarm.subject_type === 'zone') return zoneName(alarm)
  const device = devices.find(alarm.device_id)
  if (!device || device.kind === 'unknown') return alarm.device_id ?? alarm.subject_id
  const kind = has(`device_kind.${device.kind}`) ? t(`device_kind.${device.kind}`) : device.kind
  return `${kind} ${alarm.device_id}`
}

/** The room of a resident, or the zone of a sensor. */
export const placeName = (alarm: Alarm): string =>
  residents.find(alarm.resident_id)?.room || devices.find(alarm.device_id)?.zone || ''

/** The same in two lines: a name that fits a column, and what tells more. */
export function subjectLines(alarm: Alarm): [string, string] {
  const name = subjectName(alarm)
  const id = alarm.device_id ?? ''
  if (!id || name === id || !name.endsWith(` ${id}`)) return [name, placeName(alarm)]
  return [id, [name.slice(0, -id.length - 1), placeName(alarm)].filter(Boolean).join(' · ')]
}

// Reads one day of somebody's track: the fixes, all alarms raised on it, and which days have a track.
import { ApiError, get, withQuery } from '../api'
import type { components } from '../api-types'
import type { Alarm } from '../logic/alarm'
import type { TrackPoint } from '../logic/replay'
import { dayBounds } from '../logic/track'
import { devices } from './roster'

type Schemas = components['schemas']

export interface Whose { device: string, resident: string }
/** `at_ms` is its place on the day: when it happened, or else when it was raised. */
export type DayAlarm = Alarm & { at_ms: number }
export interface Day { points: TrackPoint[], alarms: DayAlarm[], deviceIds: string[] }

const PAGE = 1000
const LEAST_MS = 60_000

/** The fixes between two moments, `to` included. More than an answer holds is read in halves. */
async function fixes(path: string, from: number, to: number): Promise<TrackPoint[]> {
  try {
    return (await get<{ points: TrackPoint[] }>(withQuery(path, { from_ms: from, to_ms: to }))).points
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 422) || to - from < LEAST_MS) throw error
    const middle = Math.floor((from + to) / 2)
    return [...await fixes(path, from, middle), ...await fixes(path, middle + 1, to)]
  }
}

const ofDevice = async (id: string, from: number, to: number): Promise<TrackPoint[]> =>
  (await fixes(`/devices/${encodeURIComponent(id)}/track`, from, to)).map(point => ({ ...point, device_id: id }))

const wornBy = (resident: string): string[] =>
  [...devices.items.values()].filter(device => device.resident_id === resident).map(device => device.device_id)

async function ofResident(id: string, from: number, to: number): Promise<TrackPoint[]> {
  try {
    return await fixes(`/residents/${encodeURIComponent(id)}/track`, from, to)
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404)) throw error
    // A service that keeps no history of who wore what: the devices worn now.
    const worn = wornBy(id)
    if (!worn.length) throw error
    const tracks = await Promise.all(worn.map(device => ofDevice(device, from, to)))
    return tracks.flat().sort((a, b) => a.measured_at_ms - b.measured_at_ms)
  }
}

/** Every alarm of a device that happened or was raised on the day, whatever became of it. */
async function alarmsOf(device: string, from: number, to: number): Promise<DayAlarm[]> {
  const found = new Map<string, DayAlarm>()
  let after: number | null = 0
  while (after !== null) {
    const page: Schemas['AlarmPage'] = await get(withQuery('/alarms', { state: 'all', device_id: device, limit: PAGE, after_seq: after }))
    for (const alarm of page.items) {
      const at = [alarm.measured_at_ms, alarm.raised_at_ms].find(ms => ms !== null && ms >= from && ms <= to)
      // One that changed while the pages were read comes twice; the second is newer.
      if (at !== null && at !== undefined) found.set(alarm.alarm_id, { ...alarm, at_ms: at })
    }
    after = page.next_after_seq
  }
  return [...found.values()]
}

export async function readDay(whose: Whose, day: string): Promise<Day> {
  const [from, next] = dayBounds(day)
  const to = next - 1
  const points = whose.device ? await ofDevice(whose.device, from, to) : await ofResident(whose.resident, from, to)
  const named = whose.device ? [whose.device] : wornBy(whose.resident)
  const deviceIds = [...new Set([...named, ...points.map(point => point.device_id).filter(id => !!id) as string[]])]
  const alarms = (await Promise.all(deviceIds.map(id => alarmsOf(id, from, to)))).flat()
  return { points, alarms: alarms.sort((a, b) => a.at_ms - b.at_ms), deviceIds }
}

/** Of `count` days from the midnight `fromMs` on, the beginnings of those with a fix. */
export async function daysWithTrack(whose: Whose, fromMs: number, count: number): Promise<Set<number>> {
  const ids = whose.device ? [whose.device] : wornBy(whose.resident)
  const answers = await Promise.all(ids.map(id =>
    get<Schemas['TrackDays']>(withQuery(`/devices/${encodeURIComponent(id)}/track/days`, { from_ms: fromMs, days: count }))))
  return new Set(answers.flatMap(answer => answer.days_ms))
}


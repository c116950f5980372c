// Who shelved an alarm and why: the timeline alone knows, so it is asked once for each row in sight.
import { shallowReactive } from 'vue'
import { get } from '../api'
import type { Alarm, AlarmWithTimeline, Because } from '../logic/alarm'

export interface ShelfNote {
  operator: string
  reason: string
}

const notes = shallowReactive(new Map<string, ShelfNote | null>())

export function shelfNote(alarm: Alarm): ShelfNote | null {
  const key = `${alarm.alarm_id}/${alarm.shelved_until_ms}`
  const known = notes.get(key)
  if (known !== undefined) return known
  notes.set(key, null)
  get<AlarmWithTimeline>(`/alarms/${encodeURIComponent(alarm.alarm_id)}`).then(told => {
    const entry = told.timeline.findLast(one => one.event === 'shelve')
    if (entry) notes.set(key, { operator: String(entry.operator ?? ''), reason: String((entry.because as Because).reason ?? '') })
  }, () => notes.delete(key))
  return null
}

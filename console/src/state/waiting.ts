// How much waits for somebody: the counts of the header, of the wall and of the tab's title.
import { computed } from 'vue'
import { type Alarm, isUnacknowledged, type Priority } from '../logic/alarm'
import { GIVEN, viewOf } from '../logic/filter'
import { openAlarms } from './alarms'
import { session } from './session'

export interface Count { waiting: number, taken: number, oldest: Alarm | null }

const none = (): Count => ({ waiting: 0, taken: 0, oldest: null })

export const counts = computed<Record<Priority, Count>>(() => {
  const found = { urgent: none(), high: none(), low: none() }
  for (const alarm of openAlarms.value) {
    const view = viewOf(alarm)
    if (view !== 'queue' && view !== 'maintenance') continue
    const count = found[alarm.priority]
    if (!isUnacknowledged(alarm)) count.taken++
    else {
      count.waiting++
      if (!count.oldest || alarm.raised_at_ms < count.oldest.raised_at_ms) count.oldest = alarm
    }
  }
  return found
})

/** What was assigned to who sits here, and the filter that lists it. */
export const given = computed(() => {
  const views = openAlarms.value.filter(alarm => alarm.assignee === session.value?.name).map(viewOf).filter(view => view === 'queue' || view === 'maintenance')
  return { n: views.length, query: { mine: GIVEN, ...(views.includes('queue') ? {} : { view: 'maintenance' }) } }
})

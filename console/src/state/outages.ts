// The wide outages of this moment, and those that have just ended: that it is over must be told too.
import { computed, shallowRef } from 'vue'
import type { Alarm } from '../logic/alarm'
import { isWideOutage, silentIn, wideOutages } from '../logic/outage'
import { onTransition, openAlarms } from './alarms'
import { nowMs } from './clock'
import { countyOf } from './roster'

const TOLD_MS = 10 * 60_000 // for so long that it is over

/** Ended by themselves after they were taken on; the others stay in the queue as recovered. */
const over = shallowRef<readonly Alarm[]>([])

onTransition(alarm => {
  if (!isWideOutage(alarm)) return
  const rest = over.value.filter(one => one.alarm_id !== alarm.alarm_id)
  over.value = alarm.event === 'clear' && alarm.state === 'normal' ? [...rest, alarm] : rest
})

export interface OutageLine { alarm: Alarm, isOver: boolean, silent: number }

export const outageLines = computed<OutageLine[]>(() => {
  const open = wideOutages(openAlarms.value)
    .map(alarm => ({ alarm, isOver: !alarm.state.startsWith('active'), silent: silentIn(alarm, openAlarms.value, countyOf) }))
  const ended = over.value.filter(one => nowMs.value - (one.cleared_at_ms ?? 0) < TOLD_MS)
  return [...open, ...ended.map(alarm => ({ alarm, isOver: true, silent: silentIn(alarm, openAlarms.value, countyOf) }))]
})

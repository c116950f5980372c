// What colleagues did that concerns the one who sits here: told until it was read, never by a box over a row.
import { shallowRef, watch } from 'vue'
import { timeOfDay, titleOf } from '../format'
import { t } from '../i18n'
import type { Alarm } from '../logic/alarm'
import { type NoticeName, noticeOf } from '../logic/notice'
import { onTransition } from './alarms'
import { session } from './session'
import { chime } from './sound'

export interface Notice { key: string, name: NoticeName, words: string, alarmId: string }

const MOST = 50
export const notices = shallowRef<readonly Notice[]>([])

export function readNotice(key: string): void {
  notices.value = notices.value.filter(one => one.key !== key)
}

function tell(name: NoticeName, alarm: Alarm, seq: number, by: string, atMs: number): void {
  const words = t(`night.notice.${name}`, { name: by, time: timeOfDay(atMs), what: titleOf(alarm) })
  // The newest word about an alarm replaces the older one.
  const others = notices.value.filter(one => one.alarmId !== alarm.alarm_id)
  notices.value = [{ key: `${alarm.alarm_id}/${seq}`, name, words, alarmId: alarm.alarm_id }, ...others].slice(0, MOST)
  if (name === 'assigned') chime()
}

onTransition((transition, before) => {
  const name = noticeOf(transition, before, session.value?.name ?? '')
  if (name) tell(name, transition, transition.seq, transition.operator!, transition.at_ms)
})
watch(() => session.value?.name, () => (notices.value = []))

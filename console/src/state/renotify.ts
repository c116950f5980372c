// Notifications of the desktop while nobody looks at this page: for news at once, and every half minute
// again while something urgent waits. A click brings the page to the front and opens the alarm.
import { computed, watch } from 'vue'
import { kindName, siteName, subjectName } from '../format'
import { t } from '../i18n'
import { type Alarm, isUnacknowledged } from '../logic/alarm'
import { viewOf } from '../logic/filter'
import { AGAIN_S } from '../logic/tones'
import { router } from '../router'
import { openAlarms } from './alarms'
import { nowMs } from './clock'
import { sounding } from './election'
import { notifications } from './presence'

const TAG = 'shouwang'

let told: { newestSeq: number, atMs: number } | null = null
let shown: Notification | null = null

const waiting = computed(() => openAlarms.value.filter(alarm =>
  alarm.priority === 'urgent' && isUnacknowledged(alarm) && viewOf(alarm) === 'queue'))

/** Somebody who looks at the page needs no second sign. */
const isLookedAt = (): boolean => document.visibilityState === 'visible' && document.hasFocus()

function look(): void {
  const first = waiting.value[0]
  if (!first || sounding.value !== 'here' || notifications.value !== 'granted' || isLookedAt()) {
    if (!first || isLookedAt()) take()
    return
  }
  const newestSeq = waiting.value.reduce((most, alarm) => Math.max(most, alarm.seq), 0)
  const isNews = newestSeq > (told?.newestSeq ?? 0)
  if (!isNews && told && nowMs.value - told.atMs < AGAIN_S * 1000) return
  told = { newestSeq, atMs: nowMs.value }
  tell(first, waiting.value.length)
}

function take(): void {
  shown?.close()
  shown = null
  if (!waiting.value.length) told = null
}

function tell(alarm: Alarm, count: number): void {
  const title = `${t('priority.urgent')} · ${kindName(alarm.kind)} · ${subjectName(alarm)}`
  const body = [siteName(alarm.site_id), count > 1 ? t('presence.more_wait', { n: count - 1 }) : ''].filter(Boolean).join(' · ')
  // One at a time, or a flood fills the screen; `renotify` makes it ring each time.
  const options = { body, tag: TAG, renotify: true, requireInteraction: true, icon: '/favicon-urgent.svg' }
  try {
    shown = new Notification(title, options as NotificationOptions)
  } catch {
    notifications.value = 'unsupported' // telephones have them only for installed programs
    return
  }
  shown.onclick = () => {
    window.focus()
    shown?.close()
    void router.push({ name: 'queue', query: { alarm: alarm.alarm_id } })
  }
}

watch([waiting, nowMs], look)

// Tells the service how far a person can see: from a visible page, after the paint, and no further than
// the oldest urgent news that has not been on the screen.
import { watch } from 'vue'
import { ask } from '../api'
import { type Alarm, isQuiet, isUnacknowledged } from '../logic/alarm'
import { lastSeq, loaded, openAlarms } from './alarms'
import { nowMs } from './clock'

const RETRY_MS = 2_000
/** Where an alarm has its row, or its link. */
const ROWS = '[data-alarm], a[href*="alarm="], [data-group]'

/** What there was when the page began is in the list or counted above it; news must be on the screen itself. */
let beganSeq: number | null = null
let shownSeq = 0
let waiting = false
const onScreen = new Map<string, number>()

const isNews = (alarm: Alarm): boolean =>
  alarm.priority === 'urgent' && isUnacknowledged(alarm) && !isQuiet(alarm) && alarm.seq > beganSeq!

function inView(element: Element): boolean {
  const { top, bottom, left, right } = element.getBoundingClientRect()
  return bottom > top && bottom > 0 && top < innerHeight && right > 0 && left < innerWidth
}

/** What the rows on the screen are about: ids of alarms, and causes of folded groups. */
function namesOnScreen(): Set<string> {
  const found = new Set<string>()
  for (const row of document.querySelectorAll<HTMLElement>(ROWS)) {
    if (!inView(row)) continue
    for (const name of [row.dataset.alarm, row.dataset.group]) if (name) found.add(name)
    const linked = /[?&]alarm=([^&]+)/.exec(row.getAttribute('href') ?? '')?.[1]
    if (linked) found.add(decodeURIComponent(linked))
  }
  return found
}

/** The last sequence of which everything urgent has been on the screen. */
function seenUpTo(): number {
  const news = openAlarms.value.filter(isNews)
  const names = news.some(alarm => onScreen.get(alarm.alarm_id) !== alarm.seq) ? namesOnScreen() : new Set()
  let upTo = lastSeq.value
  const still = new Set<string>()
  for (const alarm of news) {
    still.add(alarm.alarm_id)
    if (names.has(alarm.alarm_id) || names.has(`${alarm.site_id}/${alarm.kind}`)) onScreen.set(alarm.alarm_id, alarm.seq)
    if (onScreen.get(alarm.alarm_id) !== alarm.seq) upTo = Math.min(upTo, alarm.seq - 1)
  }
  for (const id of onScreen.keys()) if (!still.has(id)) onScreen.delete(id)
  return upTo
}

function report(): void {
  if (waiting || !loaded.value || document.visibilityState !== 'visible' || lastSeq.value <= shownSeq) return
  waiting = true
  // The second frame begins when the first was painted. A page hidden meanwhile gets none, and waits.
  requestAnimationFrame(() => requestAnimationFrame(() => void send()))
}

async function send(): Promise<void> {
  try {
    if (document.visibilityState !== 'visible' || !loaded.value) return
    beganSeq ??= lastSeq.value
    const seq = seenUpTo()
    if (seq > shownSeq) {
      await ask('POST', '/stream/shown', { seq })
      shownSeq = seq
    }
  } catch {
    await new Promise(resolve => setTimeout(resolve, RETRY_MS))
  } finally {
    waiting = false
  }
}

watch(loaded, is => {
  if (!is) [beganSeq, shownSeq] = [null, 0]
})
watch([openAlarms, nowMs], report, { flush: 'post' })
document.addEventListener('visibilitychange', report)

// All open alarms, as of the newest transition this tab knows. Reading the API and listening to the
// stream overlap; the sequence of each alarm says which word is newer, so any order gives the same.
import { computed, nextTick, ref, shallowRef } from 'vue'
import { ask, get, withQuery } from '../api'
import type { components } from '../api-types'
import { type Alarm, type Because, isOpen } from '../logic/alarm'
import { compareAlarms } from '../logic/order'
import type { Transition } from '../stream/messages'

type Page = components['schemas']['AlarmPage']

const PAGE = 1000
const RETRY_MS = 2_000
const GATHER_MS = 16 // a burst of transitions is one change of the page
const REST_MS = 150 // and a storm of them is a few changes a second: sorting 5,000 alarms costs milliseconds

const known = new Map<string, Alarm>()
/** Closed ones too, so that an old page cannot bring them back. */
const newestSeq = new Map<string, number>()
const snapshot = shallowRef<readonly Alarm[]>([])
let gathering = false
let gatheredMs = 0
let seenSeq = 0
let loading = 0

export const loaded = ref(false)
export const lastSeq = ref(0)
/** All open alarms in the queue's order. */
export const openAlarms = computed(() => snapshot.value)

/** An alarm as the API tells it. */
export function apply(alarm: Alarm): void {
  if (alarm.seq < (newestSeq.get(alarm.alarm_id) ?? 0)) return
  keep(alarm)
}

/**
 * A transition tells why it happened itself; why the alarm was raised stays what it was. Who acknowledged
 * and what an alarm is suppressed by are told by their own transitions only.
 */
export function applyTransition(transition: Transition): void {
  if (transition.seq <= (newestSeq.get(transition.alarm_id) ?? 0)) return
  const before = known.get(transition.alarm_id)
  const raises = transition.event === 'raise' || transition.event === 'reraise'
  const by = transition.event === 'acknowledge' ? (transition.operator ?? null) : (before?.acknowledged_by ?? null)
  keep({
    ...transition,
    acknowledged_by: transition.acknowledged_at_ms === null ? null : by,
    because: before && !raises ? { ...before.because, ...parentIn(transition) } : transition.because,
  })
}

function parentIn({ event, because }: Transition): Because {
  if (event === 'suppress') return { parent_alarm_id: because.parent_alarm_id }
  return event === 'unsuppress' ? { parent_alarm_id: null } : {}
}

function keep(alarm: Alarm): void {
  newestSeq.set(alarm.alarm_id, alarm.seq)
  if (isOpen(alarm)) known.set(alarm.alarm_id, alarm)
  else known.delete(alarm.alarm_id)
  seenSeq = Math.max(seenSeq, alarm.seq)
  gather()
}

function gather(): void {
  if (gathering) return
  gathering = true
  // Not an animation frame: a hidden tab has none, and its tone must sound all the same.
  setTimeout(show, Math.max(GATHER_MS, gatheredMs + REST_MS - Date.now()))
}

function show(): void {
  gathering = false
  gatheredMs = Date.now()
  // Those that were sorted before come first, so that sorting finds them nearly in order.
  const before = snapshot.value.map(alarm => known.get(alarm.alarm_id)).filter(alarm => alarm !== undefined)
  const news = before.length === known.size ? [] : newOf(before)
  snapshot.value = [...news, ...before].sort(compareAlarms)
  lastSeq.value = seenSeq
  void nextTick(reportShown)
}

function newOf(before: readonly Alarm[]): Alarm[] {
  const listed = new Set(before.map(alarm => alarm.alarm_id))
  return [...known.values()].filter(alarm => !listed.has(alarm.alarm_id))
}

/** Read everything that is open; the stream brings what comes after `after`. */
export async function load(after: number): Promise<void> {
  const turn = ++loading
  for (;;) {
    try {
      await loadPages(turn)
      break
    } catch {
      await new Promise(resolve => setTimeout(resolve, RETRY_MS))
      if (turn !== loading) return
    }
  }
  if (turn !== loading) return
  seenSeq = Math.max(seenSeq, after)
  loaded.value = true
  gather()
}

async function loadPages(turn: number): Promise<void> {
  let after: number | null = 0
  while (after !== null && turn === loading) {
    const page: Page = await get<Page>(withQuery('/alarms', { state: 'open', limit: PAGE, after_seq: after }))
    if (turn !== loading) return
    page.items.forEach(apply)
    after = page.next_after_seq
  }
}

export function forgetAlarms(): void {
  loading++
  known.clear()
  newestSeq.clear()
  seenSeq = shownSeq = 0
  loaded.value = false
  snapshot.value = []
}

let shownSeq = 0
let reporting = false

/** Tell the service what a person can now see: after the paint, and only from a visible page. */
function reportShown(): void {
  if (reporting || !loaded.value || document.visibilityState !== 'visible' || seenSeq <= shownSeq) return
  reporting = true
  requestAnimationFrame(() => requestAnimationFrame(() => void sendShown(lastSeq.value)))
}

async function sendShown(seq: number): Promise<void> {
  try {
    await ask('POST', '/stream/shown', { seq })
    shownSeq = seq
    reporting = false
    reportShown()
  } catch {
    setTimeout(() => {
      reporting = false
      reportShown()
    }, RETRY_MS)
  }
}

document.addEventListener('visibilitychange', reportShown)

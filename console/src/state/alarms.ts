// All open alarms, as of the newest transition this tab knows. Reading the API and listening to the
// stream overlap; the sequence of each alarm says which word is newer, so any order gives the same.
import { computed, ref, shallowRef } from 'vue'
import { get, withQuery } from '../api'
import type { components } from '../api-types'
import { type Alarm, type Because, isOpen } from '../logic/alarm'
import { compareAlarms } from '../logic/order'
import type { Transition } from '../stream/messages'

type Page = components['schemas']['AlarmPage']

const PAGE = 1000
const RETRY_MS = 2_000
const PATIENCE_MS = 5_000
const LOOK_MS = 50
const CLOSED_KEPT = 5000 // more closed ones than any answer that is still under way could hold
const GATHER_MS = 16 // a burst of transitions is one change of the page
const REST_MS = 150 // and a storm of them is a few changes a second: sorting 5,000 alarms costs milliseconds

const known = new Map<string, Alarm>()
/** Closed ones too, so that an old page cannot bring them back; the one that changed last is the last. */
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

type Listener = (transition: Transition, before: Alarm | undefined) => void
const listeners = new Set<Listener>()
/** Called once for each transition that the stream brings, with the alarm as it was known before. */
export const onTransition = (listener: Listener): void => void listeners.add(listener)

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
  for (const listener of listeners) listener(transition, before)
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
  newestSeq.delete(alarm.alarm_id)
  newestSeq.set(alarm.alarm_id, alarm.seq)
  if (isOpen(alarm)) known.set(alarm.alarm_id, alarm)
  else known.delete(alarm.alarm_id)
  seenSeq = Math.max(seenSeq, alarm.seq)
  if (newestSeq.size > known.size + 2 * CLOSED_KEPT) forgetClosed()
  gather()
}

function forgetClosed(): void {
  let tooMany = newestSeq.size - known.size - CLOSED_KEPT
  for (const id of newestSeq.keys()) {
    if (tooMany <= 0) return
    if (known.has(id)) continue
    newestSeq.delete(id)
    tooMany--
  }
}

/** What was open up to `after` and is not any more: it ended while nobody listened. */
function dropEnded(after: number, open: ReadonlySet<string>): void {
  for (const [id, alarm] of known) if (alarm.seq <= after && !open.has(id)) known.delete(id)
}

function gather(): void {
  if (gathering) return
  gathering = true
  setTimeout(spread, Math.max(GATHER_MS, gatheredMs + REST_MS - Date.now()))
}

/** Show what was gathered. Called by the hub's tick too: the browser slows the timers of a hidden tab. */
export function spread(): void {
  if (!gathering) return
  gathering = false
  gatheredMs = Date.now()
  // Those that were sorted before come first, so that sorting finds them nearly in order.
  const before = snapshot.value.map(alarm => known.get(alarm.alarm_id)).filter(alarm => alarm !== undefined)
  const news = before.length === known.size ? [] : newOf(before)
  snapshot.value = [...news, ...before].sort(compareAlarms)
  lastSeq.value = seenSeq
}

function newOf(before: readonly Alarm[]): Alarm[] {
  const listed = new Set(before.map(alarm => alarm.alarm_id))
  return [...known.values()].filter(alarm => !listed.has(alarm.alarm_id))
}

/** A head start for a page that opens: the urgent ones, before all else is read and joined. */
export async function preload(): Promise<void> {
  const page = await get<Page>(withQuery('/alarms', { state: 'open', priority: 'urgent', limit: PAGE })).catch(() => null)
  if (!loaded.value) page?.items.forEach(apply)
}

/** Once all alarms are read, or it takes too long: what matters less is read then. */
export async function afterAlarms(): Promise<void> {
  const untilMs = performance.now() + PATIENCE_MS
  while (!loaded.value && performance.now() < untilMs) await new Promise(resolve => setTimeout(resolve, LOOK_MS))
}

/** Read everything that is open; the stream brings what comes after `after`. */
export async function load(after: number): Promise<void> {
  const turn = ++loading
  let open: ReadonlySet<string>
  for (;;) {
    try {
      open = await loadPages(turn)
      break
    } catch {
      await new Promise(resolve => setTimeout(resolve, RETRY_MS))
      if (turn !== loading) return
    }
  }
  if (turn !== loading) return
  dropEnded(after, open)
  seenSeq = Math.max(seenSeq, after)
  loaded.value = true
  gather()
}

async function loadPages(turn: number): Promise<Set<string>> {
  const open = new Set<string>()
  let after: number | null = 0
  while (after !== null && turn === loading) {
    const page: Page = await get<Page>(withQuery('/alarms', { state: 'open', limit: PAGE, after_seq: after }))
    if (turn !== loading) break
    for (const alarm of page.items) {
      apply(alarm)
      open.add(alarm.alarm_id)
    }
    after = page.next_after_seq
  }
  return open
}

export function forgetAlarms(): void {
  loading++
  known.clear()
  newestSeq.clear()
  seenSeq = lastSeq.value = 0
  loaded.value = false
  snapshot.value = []
}
